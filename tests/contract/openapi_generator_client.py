"""Runs a Python client, made by OpenAPI Generator from openapi/openapi.json: whole answers, answers with `fields`, and
typed problems.

    LIAISON_URL=http://127.0.0.1:8080 LIAISON_USER=… LIAISON_PASSWORD=… PYTHONPATH=generated/openapi_generator \\
        python openapi_generator_client.py
"""

import os
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import liaison_api as api

URL = os.environ["LIAISON_URL"]


def sign_in() -> api.ApiClient:
    token = api.AuthApi(api.ApiClient(api.Configuration(host=URL))).create_token(
        grant_type="password", username=os.environ["LIAISON_USER"], password=os.environ["LIAISON_PASSWORD"]
    )
    return api.ApiClient(api.Configuration(host=URL, access_token=token.access_token))


def read_whole(clients: api.ClientsApi) -> UUID:
    page = clients.list_clients(limit=1).actual_instance
    assert isinstance(page, api.ClientPage), page
    client = clients.get_client(page.data[0].id).actual_instance
    assert isinstance(client, api.ClientDetails), client
    assert (client.id, client.version, client.name) == (page.data[0].id, page.data[0].version, page.data[0].name)
    return client.id


def read_some_fields(clients: api.ClientsApi, id: UUID) -> None:
    fields = [api.ClientField.ID, api.ClientField.NAME]
    page = clients.list_clients(id=[id], fields=fields).actual_instance
    assert isinstance(page, api.SparseClientPage), page
    fields = [api.ClientDetailsField.ID, api.ClientDetailsField.NAME]
    client = clients.get_client(id, fields=fields).actual_instance
    assert isinstance(client, api.SparseClientDetails), client
    assert [(row.id, row.name) for row in page.data] == [(client.id, client.name)]
    # This client does not tell what is absent from what is null.
    assert client.name and client.status is None and client.tags is None


def read_problems(liaison: api.ApiClient) -> None:
    clients = api.ClientsApi(liaison)
    missing = refused(lambda: clients.get_client(uuid4()))
    assert isinstance(missing, api.NotFoundProblem), missing
    assert missing.status == 404

    # The client looks at values itself, but not at what only the server knows: the check digits.
    wrong = refused(lambda: clients.create_client(api.NewClient(kind="organization", name="Romashka", tax_id="7707083890")))
    assert isinstance(wrong, api.ValidationFailedProblem), wrong
    assert wrong.errors and [field.pointer for field in wrong.errors] == ["/tax_id"]

    forbidden = refused(lambda: api.AuditApi(liaison).list_audit_entries())
    assert isinstance(forbidden, api.ForbiddenProblem), forbidden
    assert forbidden.permission == "audit:read"


def refused(call: Callable[[], object]) -> Any:
    """The problem that `call` is refused with."""
    try:
        answer = call()
    except api.ApiException as refusal:
        # Where there is more than one type, the client puts it into an object for all of them.
        return getattr(refusal.data, "actual_instance", refusal.data)
    raise AssertionError(f"it is not refused: {answer}")


def main() -> None:
    liaison = sign_in()
    clients = api.ClientsApi(liaison)
    read_some_fields(clients, read_whole(clients))
    read_problems(liaison)
    print("OpenAPI Generator: whole answers, some fields, problems 403, 404 and 422")


main()
