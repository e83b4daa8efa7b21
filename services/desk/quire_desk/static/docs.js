"use strict";

const SERVICES = ["orders", "vendors", "licenses", "usage", "desk"];
const VERBS = ["get", "post", "put", "patch", "delete"];

function element(name, words, className) {
  const made = document.createElement(name);
  if (words !== undefined) made.textContent = words;
  if (className) made.className = className;
  return made;
}

function route(service, path, verb, operation) {
  const box = element("div", undefined, "route");
  const line = element("p");
  line.append(element("span", verb.toUpperCase(), "verb"), element("code", `/api/${service}${path}`));
  box.append(line);
  const words = operation.description || operation.summary;
  if (words) box.append(element("p", words));
  const scopes = (operation.security || []).flatMap((one) => Object.values(one).flat());
  if (scopes.length) box.append(element("p", "Right: " + [...new Set(scopes)].join(", "), "hint"));
  const given = (operation.parameters || []).filter((p) => p.in !== "header").map((p) => p.name + (p.required ? "" : "?"));
  if (given.length) box.append(element("p", "Parameters: " + given.join(", "), "hint"));
  box.dataset.words = `${verb} /api/${service}${path} ${words || ""} ${scopes.join(" ")}`.toLowerCase();
  return box;
}

async function load(service) {
  const section = element("section");
  section.append(element("h2", service));
  const link = element("a", "OpenAPI description");
  link.href = `/api/${service}/openapi.json`;
  const line = element("p");
  line.append(link);
  section.append(line);
  try {
    const answer = await fetch(link.href, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    const description = await answer.json();
    for (const [path, verbs] of Object.entries(description.paths))
      for (const verb of VERBS) if (verbs[verb]) section.append(route(service, path, verb, verbs[verb]));
  } catch (error) {
    section.append(element("p", `This service cannot be described at the moment: ${error.message}`, "notice"));
  }
  return section;
}

function narrow() {
  const wanted = document.getElementById("filter").value.trim().toLowerCase();
  let shown = 0;
  for (const box of document.querySelectorAll(".route")) {
    box.hidden = !box.dataset.words.includes(wanted);
    if (!box.hidden) shown += 1;
  }
  document.getElementById("count").textContent = `${shown} routes`;
}

document.getElementById("filter").addEventListener("input", narrow);
Promise.all(SERVICES.map(load)).then((sections) => {
  document.getElementById("services").replaceChildren(...sections);
  narrow();
});
