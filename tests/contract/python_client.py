"""Runs a Python client, made by openapi-python-client from openapi/openapi.json: whole answers, answers with `fields`, and
typed problems. mypy checks this file with the client.

    LIAISON_URL=http://127.0.0.1:8080 LIAISON_USER=… LIAISON_PASSWORD=… PYTHONPATH=generated python python_client.py
"""

import os
from uuid import UUID, uuid4

from liaison_client import AuthenticatedClient, Client
from liaison_client.api.audit import list_audit_entries
from liaison_client.api.auth import create_token
from liaison_client.api.clients import create_client, get_client, list_clients
from liaison_client.models import (
    ClientDetails,
    ClientDetailsField,
    ClientField,
    ClientKind,
    ClientPage,
    ForbiddenProblem,
    NewClient,
    NotFoundProblem,
    SparseClientDetails,
    SparseClientPage,
    TokenRequest,
    TokenRequestGrantType,
    TokenResponse,
    ValidationFailedProblem,
)

URL = os.environ["LIAISON_URL"]


def sign_in() -> AuthenticatedClient:
    form = TokenRequest(
        grant_type=TokenRequestGrantType.PASSWORD, username=os.environ["LIAISON_USER"], password=os.environ["LIAISON_PASSWORD"]
    )
    token = create_token.sync(client=Client(URL), body=form)
    assert isinstance(token, TokenResponse), token
    return AuthenticatedClient(URL, token.access_token)


def read_whole(liaison: AuthenticatedClient) -> UUID:
    page = list_clients.sync(client=liaison, limit=1)
    assert isinstance(page, ClientPage), page
    client = get_client.sync(page.data[0].id, client=liaison)
    assert isinstance(client, ClientDetails), client
    assert client.to_dict() == page.data[0].to_dict()
    return client.id


def read_some_fields(liaison: AuthenticatedClient, id: UUID) -> None:
    fields = [ClientField.ID, ClientField.NAME]
    page = list_clients.sync(client=liaison, id=[id], fields=fields)
    assert isinstance(page, SparseClientPage), page
    client = get_client.sync(id, client=liaison, fields=[ClientDetailsField.ID, ClientDetailsField.NAME])
    assert isinstance(client, SparseClientDetails), client
    assert [row.to_dict() for row in page.data] == [client.to_dict()]
    assert client.to_dict().keys() == {"id", "name"}


def read_problems(liaison: AuthenticatedClient) -> None:
    missing = get_client.sync(uuid4(), client=liaison)
    assert isinstance(missing, NotFoundProblem), missing
    assert missing.status == 404

    wrong = create_client.sync(client=liaison, body=NewClient(kind=ClientKind.ORGANIZATION, name=""))
    assert isinstance(wrong, ValidationFailedProblem), wrong
    assert wrong.errors and [field.pointer for field in wrong.errors] == ["/name"]

    forbidden = list_audit_entries.sync(client=liaison)
    assert isinstance(forbidden, ForbiddenProblem), forbidden
    assert forbidden.permission == "audit:read"


def main() -> None:
    liaison = sign_in()
    read_some_fields(liaison, read_whole(liaison))
    read_problems(liaison)
    print("openapi-python-client: whole answers, some fields, problems 403, 404 and 422")


main()
