"use strict";

const byId = (id) => document.getElementById(id);
let csrf = "";

function show(...ids) {
  for (const section of document.querySelectorAll("main > section")) section.hidden = !ids.includes(section.id);
}

function element(name, words, className) {
  const made = document.createElement(name);
  if (words !== undefined) made.textContent = words;
  if (className) made.className = className;
  return made;
}

function tell(problem) {
  const box = byId("message");
  box.replaceChildren();
  if (!problem) return;
  box.append(element("strong", problem.title || "That did not work"), " ", problem.detail || "");
  if (problem.errors && problem.errors.length) {
    const list = element("ul");
    for (const fault of problem.errors) list.append(element("li", fault.detail + (fault.fix ? " " + fault.fix : "")));
    box.append(list);
  }
}

/* Answers the body; throws the problem (RFC 9457) of a refusal. */
async function ask(method, path, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" });
  } catch {
    throw { title: "No answer", detail: "Quire does not answer at the moment. Is it running?" };
  }
  if (answer.status === 204) return null;
  let content = null;
  try { content = await answer.json(); } catch { content = { detail: "The answer could not be read." }; }
  if (!answer.ok) throw { status: answer.status, ...content };
  return content;
}

function onSubmit(id, send) {
  byId(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const button = form.querySelector("button");
    tell(null);
    button.disabled = true;
    try {
      const session = await send(Object.fromEntries(new FormData(form)));
      form.reset();
      history.replaceState(null, "", "/");
      await signedIn(session);
      byId("main").focus();
    } catch (problem) {
      tell(problem);
    } finally {
      button.disabled = false;
    }
  });
}

async function signedIn(session) {
  csrf = session.csrf_token;
  byId("who").hidden = false;
  byId("who-name").textContent = session.name;
  byId("roles").textContent = session.roles.join(", ") || "none";
  byId("units").textContent = session.unit_ids === null ? "the whole house" : `${session.unit_ids.length} units`;
  byId("until").textContent = new Date(session.expires_at).toLocaleString();
  byId("scopes").replaceChildren(...session.scopes.map((scope) => element("li", scope)));
  const operator = session.scopes.some((s) => ["*:*", "operations:read", "operations:*", "*:read"].includes(s));
  show("rights", ...(operator ? ["services"] : []));
  if (operator) await services();
}

async function services() {
  const found = await ask("GET", "/api/desk/services");
  const number = (n) => element("td", n === null ? "not known" : String(n), "number");
  byId("service-rows").replaceChildren(...found.items.map((item) => {
    const row = element("tr");
    const name = element("th");
    name.scope = "row";
    const link = element("a", item.service);
    link.href = `/api/${item.service}/openapi.json`;
    name.append(link);
    const state = item.ready ? element("td", "ready", "good") : element("td", item.reached ? "not ready" : "not reached", "bad");
    row.append(name, state, number(item.events_waiting), number(item.lag), number(item.events_parked), element("td", item.troubles.join(" ")));
    return row;
  }));
  byId("fresh").textContent = "As of " + new Date().toLocaleTimeString();
}

onSubmit("sign-in-form", (given) => ask("POST", "/api/desk/sign-in", given));
onSubmit("first-form", (given) => ask("POST", "/api/desk/sign-in/first", { ...given, token: secret("first") }));
onSubmit("link-form", (given) => ask("POST", "/api/desk/sign-in/link", { ...given, token: secret("password") }));

byId("sign-out").addEventListener("click", async () => {
  try { await ask("DELETE", "/api/desk/session"); } catch (problem) { if (problem.status !== 401) { tell(problem); return; } }
  csrf = "";
  byId("who").hidden = true;
  tell(null);
  show("sign-in");
  byId("user").focus();
});

byId("refresh").addEventListener("click", async () => {
  tell(null);
  try { await services(); } catch (problem) { tell(problem); if (problem.status === 401) show("sign-in"); }
});

function secret(name) {
  return new URLSearchParams(location.hash.slice(1)).get(name) || "";
}

async function start() {
  if (secret("first")) { show("first"); byId("first-user").focus(); return; }
  if (secret("password")) { show("link"); byId("link-password").focus(); return; }
  try {
    await signedIn(await ask("GET", "/api/desk/session"));
  } catch (problem) {
    show("sign-in");
    if (problem.status !== 401) tell(problem);
  }
}

window.addEventListener("hashchange", start);
start();
