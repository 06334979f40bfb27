//! One operation as the document has it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::input::schema;

/// An operation and its success; its errors follow from what it is.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) tag: &'static str,
    pub(super) summary: String,
    pub(super) description: Option<&'static str>,
    pub(super) is_public: bool,
    pub(super) query: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) is_body_required: bool,
    /// The name of the error with 409.
    pub(super) conflict: Option<&'static str>,
    pub(super) responses: BTreeMap<String, Value>,
}

impl Operation {
    pub(super) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split(['{', '}']).skip(1).step_by(2)
    }

    pub(super) fn public(self) -> Self {
        Self { is_public: true, ..self }
    }

    pub(super) fn takes(self, body: Value) -> Self {
        Self { body: Some(body), is_body_required: true, ..self }
    }

    pub(super) fn may_take(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    pub(super) fn may_conflict(self) -> Self {
        Self { conflict: Some("Conflict"), ..self }
    }

    pub(super) fn responds(mut self, status: u16, description: &str, content: Value) -> Self {
        let has_location = matches!(status, 201 | 308);
        let response = response(description, content, has_location.then_some("Location"));
        self.responses.insert(status.to_string(), response);
        self
    }

    pub(super) fn responds_json(
        self,
        status: u16,
        description: &str,
        schema: impl Into<Value>,
    ) -> Self {
        let schema: Value = schema.into();
        self.responds(status, description, json!({"application/json": {"schema": schema}}))
    }

    pub(super) fn responds_text(self, description: &str, media_types: &[&str]) -> Self {
        let text =
            |media_type: &&str| (media_type.to_string(), json!({"schema": {"type": "string"}}));
        self.responds(200, description, media_types.iter().map(text).collect())
    }

    pub(super) fn responds_nothing(self) -> Self {
        self.responds(204, "Done.", Value::Null)
    }

    pub(super) fn object(mut self) -> Value {
        let is_write = self.method != "get";
        let is_judged = self.body.is_some() || !self.query.is_empty();
        let errors = [
            Some(("400", if is_judged { "Invalid" } else { "BadRequest" })),
            (!self.is_public).then_some(("401", "TokenRequired")),
            Some(("403", "Forbidden")),
            self.path.contains('{').then_some(("404", "NotFound")),
            self.conflict.map(|name| ("409", name)),
            (is_write && self.method != "delete").then_some(("413", "PayloadTooLarge")),
            is_write.then_some(("415", "UnsupportedMediaType")),
        ];
        for (status, name) in errors.into_iter().flatten() {
            let error = json!({"$ref": format!("#/components/responses/{name}")});
            self.responses.insert(status.to_owned(), error);
        }
        let mut object = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "responses": self.responses,
        });
        if let Some(description) = self.description {
            object["description"] = description.into();
        }
        if self.is_public {
            object["security"] = json!([]);
        }
        if !self.query.is_empty() {
            object["parameters"] = self.query.into();
        }
        if let Some(schema) = self.body {
            object["requestBody"] = json!({
                "required": self.is_body_required,
                "content": {"application/json": {"schema": schema}},
            });
        }
        object
    }
}

pub(super) fn operation(
    method: &'static str,
    path: impl Into<String>,
    id: impl Into<String>,
    tag: &'static str,
    summary: impl Into<String>,
) -> Operation {
    Operation {
        method,
        path: path.into(),
        id: id.into(),
        tag,
        summary: summary.into(),
        description: None,
        is_public: false,
        query: Vec::new(),
        body: None,
        is_body_required: false,
        conflict: None,
        responses: BTreeMap::new(),
    }
}

/// The fields of a query as parameters.
pub(super) fn query_parameters(mut query: Value) -> Vec<Value> {
    let fields = query["properties"].take();
    let fields = fields.as_object().cloned().unwrap_or_default();
    let parameter = |(name, schema): (String, Value)| {
        let mut schema = schemars::Schema::try_from(schema).unwrap_or_default();
        schema::without_nulls(&mut schema);
        let description = schema.remove("description");
        json!({"name": name, "in": "query", "description": description, "schema": schema})
    };
    fields.into_iter().map(parameter).collect()
}

/// A response of the control API: with its header, and another one if it has one.
pub(super) fn response(description: &str, content: Value, header: Option<&str>) -> Value {
    let reference = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
    let mut headers = Map::from_iter([("X-Partner-Api-Mock".to_owned(), reference("Control"))]);
    headers.extend(header.map(|name| (name.to_owned(), reference(name))));
    let mut response = json!({"description": description, "headers": headers});
    if !content.is_null() {
        response["content"] = content;
    }
    response
}
