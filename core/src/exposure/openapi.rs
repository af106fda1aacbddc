//! The OpenAPI document (version 3.1), made of the table of resources: what is not in the one is not in the other.

use serde_json::{Map, Value, json};

use super::routes::ROUTES;

/// The document; `token_url` is where clients get their tokens.
pub(super) fn document(token_url: &str) -> Value {
    let mut paths = Map::new();
    for route in &ROUTES {
        let mut operation = Map::new();
        operation.insert("operationId".into(), json!(format!("{:?}", route.operation)));
        operation.insert("summary".into(), json!(route.summary));
        if let Some(name) = route.path.split(['{', '}']).nth(1) {
            let parameter = json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
            operation.insert("parameters".into(), json!([parameter]));
        }
        if !route.body.is_empty() {
            let members: Map<String, Value> =
                route.body.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
            let schema = json!({"type": "object", "properties": members, "required": route.body});
            let content = json!({"application/json": {"schema": schema}});
            operation.insert("requestBody".into(), json!({"required": true, "content": content}));
        }
        operation.insert("responses".into(), responses(route.statuses, route.scope.is_empty()));
        let security = if route.scope.is_empty() { json!([]) } else { json!([{"oauth2": [route.scope]}]) };
        operation.insert("security".into(), security);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_ascii_lowercase()] = Value::Object(operation);
    }
    let scopes: Map<String, Value> = ROUTES
        .iter()
        .filter(|route| !route.scope.is_empty())
        .map(|route| (route.scope.to_owned(), json!(route.scope.trim_start_matches("exposure:"))))
        .collect();
    let flow = json!({"clientCredentials": {"tokenUrl": token_url, "scopes": scopes}});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "castbench exposure", "version": "1", "summary": "Services of the IMS for third parties"},
        "paths": paths,
        "components": {
            "securitySchemes": {"oauth2": {"type": "oauth2", "flows": flow}},
            "schemas": {"Problem": {
                "type": "object",
                "properties": {
                    "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}
                },
                "required": ["title", "status"]
            }}
        }
    })
}

fn responses(statuses: &[u16], is_open: bool) -> Value {
    let problem = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
    let common: &[u16] = if is_open { &[] } else { &[401, 403, 413, 429, 500] };
    let entries = statuses.iter().chain(common).map(|status| {
        let name = http::StatusCode::from_u16(*status).ok().and_then(|s| s.canonical_reason()).unwrap_or_default();
        let mut response = json!({"description": name});
        if *status >= 400 {
            response["content"] = problem.clone();
        }
        (status.to_string(), response)
    });
    Value::Object(entries.collect())
}
