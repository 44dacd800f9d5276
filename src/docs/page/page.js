// Swagger UI, arranged for people who see this API for the first time.
"use strict";

// Former versions kept the sign-in here, for ever.
localStorage.removeItem("authorized");

/** The operations of which every word of `phrase` is in the tag, the address, the name or the summary. */
function operationsWith(groups, phrase) {
  const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (tag) => (entry) => {
    const about = entry.get("operation");
    const texts = [tag, entry.get("method"), entry.get("path"), about.get("operationId"), about.get("summary")];
    const text = texts.join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return groups
    .map((group, tag) => group.update("operations", (entries) => entries.filter(fits(tag))))
    .filter((group) => group.get("operations").size > 0);
}

/** The box above the operations. */
function filterBox({ React }) {
  return function FilterContainer({ layoutSelectors, layoutActions }) {
    const phrase = layoutSelectors.currentFilter();
    const hint = "Find an operation by a word of its address, name or summary";
    const input = React.createElement("input", {
      className: "operation-filter-input",
      type: "search",
      placeholder: hint,
      "aria-label": hint,
      value: typeof phrase === "string" ? phrase : "",
      onChange: (event) => layoutActions.updateFilter(event.target.value),
    });
    const inner = React.createElement("div", { className: "filter wrapper" }, input);
    return React.createElement("div", { className: "filter-container" }, inner);
  };
}

/** Shows what an operation answers, and below it in one line the problems with which it may refuse. */
function foldProblems(Responses, { React }) {
  return function FoldedResponses(props) {
    const [open, setOpen] = React.useState(false);
    const isProblem = (_, status) => Number(status) >= 400;
    const problems = props.responses.filter(isProblem);
    const answers = { ...props, responses: props.responses.filterNot(isProblem) };
    const refusals = { ...props, responses: problems, tryItOutResponse: null };
    return React.createElement(
      React.Fragment,
      null,
      React.createElement(Responses, answers),
      React.createElement(
        "details",
        { className: "problems", onToggle: (event) => setOpen(event.currentTarget.open) },
        React.createElement("summary", null, `Problems: ${problems.keySeq().join(", ")}`),
        open && React.createElement(Responses, refusals),
      ),
    );
  };
}

/** The ways to sign in, with that of persons first. */
function personsFirst(select) {
  return (...given) => {
    const ways = select(...given);
    return ways ? ways.sortBy((way) => (way.has("password") ? 0 : 1)) : ways;
  };
}

/** Begins where a person signs in; the fields for keys, further down, would take the focus. */
function beginWithName(AuthorizationPopup, { React }) {
  return function Popup(props) {
    React.useEffect(() => document.getElementById("oauth_username")?.focus(), []);
    return React.createElement(AuthorizationPopup, props);
  };
}

/** A tag is open while a filter has found operations of it. */
function openWhatIsFound(OperationTag, { React }) {
  return function FoundTag(props) {
    const phrase = props.layoutSelectors.currentFilter();
    const isFound = typeof phrase === "string" && phrase !== "";
    const layoutSelectors = isFound ? { ...props.layoutSelectors, isShown: () => true } : props.layoutSelectors;
    return React.createElement(OperationTag, { ...props, layoutSelectors });
  };
}

function arranged(system) {
  return {
    fn: { opsFilter: operationsWith },
    components: { FilterContainer: filterBox(system) },
    wrapComponents: {
      authorizationPopup: beginWithName,
      OperationTag: openWhatIsFound,
      responses: foldProblems,
    },
    statePlugins: { auth: { wrapSelectors: { shownDefinitions: personsFirst } } },
  };
}

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [arranged],
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  displayOperationId: true,
  displayRequestDuration: true,
  filter: true,
  // A reload of the page ends the sign-in. Kept in the browser, a password outlives whoever typed it.
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
