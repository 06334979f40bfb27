//! One operation of the document, and the errors that follow from its method and its path.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::{Operations, Types};
use crate::control::{PREFIX, security};
use crate::input::schema;

/// An operation, as far as it is described.
pub(super) struct Operation<'a> {
    types: &'a mut Types,
    object: &'a mut Value,
}

impl Operations {
    /// Adds the operation of a route such as `GET /clock`, with every error but those of its body and
    /// its query.
    pub(super) fn add(&mut self, route: &str, id: &str, summary: &str) -> Operation<'_> {
        let (method, path) = route.split_once(' ').unwrap_or_default();
        let path = format!("{}{path}", self.base);
        let is_public = security::is_public(&path);
        let parameters: Vec<_> = path.split(['{', '}']).skip(1).step_by(2).collect();
        let errors = [
            Some((400, "BadRequest")),
            (!is_public).then_some((401, "TokenRequired")),
            Some((403, "Forbidden")),
            (!parameters.is_empty()).then_some((404, "NotFound")),
            (!matches!(method, "GET" | "DELETE")).then_some((413, "PayloadTooLarge")),
            (method != "GET").then_some((415, "UnsupportedMediaType")),
        ];
        let item = self.paths.entry(format!("{PREFIX}{path}")).or_default();
        if !parameters.is_empty() {
            let parameters = parameters.iter().map(|name| reference("parameters", name));
            item.insert("parameters".into(), parameters.collect());
        }
        let object = item.entry(method.to_lowercase()).or_default();
        *object = json!({"operationId": id, "tags": [self.tag], "summary": summary});
        if is_public {
            object["security"] = json!([]);
        }
        let operation = Operation { types: &mut self.types, object };
        errors.into_iter().flatten().fold(operation, |one, (status, name)| one.fails(status, name))
    }
}

impl Operation<'_> {
    pub(super) fn description(self, text: &str) -> Self {
        self.object["description"] = text.into();
        self
    }

    /// Needs a JSON body of this type.
    pub(super) fn takes<T: JsonSchema>(self) -> Self {
        self.body::<T>(true)
    }

    /// Accepts a JSON body of this type, or none.
    pub(super) fn may_take<T: JsonSchema>(self) -> Self {
        self.body::<T>(false)
    }

    fn body<T: JsonSchema>(self, is_required: bool) -> Self {
        let schema = self.types.requests.subschema_for::<T>().to_value();
        self.body_of(&schema, is_required)
    }

    /// Needs a JSON body with any fields of this type.
    pub(super) fn takes_part_of<T: JsonSchema>(self, name: &str) -> Self {
        let whole = T::json_schema(&mut self.types.requests).to_value();
        self.types.partial.insert(name.to_owned(), schema::in_part(whole));
        self.body_of(&reference("schemas", name), true)
    }

    fn body_of(self, schema: &Value, is_required: bool) -> Self {
        let content = json!({"application/json": {"schema": schema}});
        self.object["requestBody"] = json!({"required": is_required, "content": content});
        self.fails(400, "Invalid")
    }

    /// Takes the fields of this type as query parameters.
    pub(super) fn query<T: JsonSchema>(self) -> Self {
        let mut query = T::json_schema(&mut self.types.requests);
        schema::without_nulls(&mut query);
        let fields = query.remove("properties");
        let fields = fields.as_ref().and_then(Value::as_object).into_iter().flatten();
        let parameters = fields.map(|(name, schema)| {
            let mut schema = schema.clone();
            let description = schema["description"].take();
            schema.as_object_mut().map(|schema| schema.remove("description"));
            json!({"name": name, "in": "query", "description": description, "schema": schema})
        });
        self.object["parameters"] = parameters.collect();
        self.fails(400, "Invalid")
    }

    /// May be in conflict with the state of the mock.
    pub(super) fn may_conflict(self) -> Self {
        self.fails(409, "Conflict")
    }

    /// Responds with an error by its name in the components.
    pub(super) fn fails(self, status: u16, name: &str) -> Self {
        self.object["responses"][status.to_string()] = reference("responses", name);
        self
    }

    pub(super) fn ok<T: JsonSchema>(self, description: &str) -> Self {
        self.json::<T>(200, description)
    }

    pub(super) fn created<T: JsonSchema>(self, description: &str) -> Self {
        self.json::<T>(201, description)
    }

    pub(super) fn json<T: JsonSchema>(self, status: u16, description: &str) -> Self {
        let schema = self.types.responses.subschema_for::<T>();
        self.responds(status, description, json!({"application/json": {"schema": schema}}))
    }

    pub(super) fn text(self, description: &str, media_types: &[&str]) -> Self {
        let text = json!({"schema": {"type": "string"}});
        let content = media_types.iter().map(|name| (name.to_string(), text.clone()));
        self.responds(200, description, content.collect())
    }

    pub(super) fn no_content(self) -> Self {
        self.responds(204, "Done.", Value::Null)
    }

    pub(super) fn responds(self, status: u16, description: &str, content: Value) -> Self {
        let response = &mut self.object["responses"][status.to_string()];
        *response = json!({"description": description});
        response["headers"]["X-Partner-Api-Mock"] = reference("headers", "Control");
        if matches!(status, 201 | 308) {
            response["headers"]["Location"] = reference("headers", "Location");
        }
        if !content.is_null() {
            response["content"] = content;
        }
        self
    }
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}
