// The description of the HTTP interface, to read and to try: with the page's session, or an API key ("Authorize").

const CHANGES = new Set(["POST", "PUT", "DELETE", "PATCH"]);

/** A change needs the session's token; without a session the key alone counts. */
async function withToken(request) {
  if (!CHANGES.has(request.method?.toUpperCase()) || request.headers.Authorization) return request;
  const session = await fetch("session");
  if (session.ok) request.headers["X-CSRF-Token"] = (await session.json()).csrf;
  return request;
}

window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null, // nobody else is asked about the description
  requestInterceptor: withToken,
});
