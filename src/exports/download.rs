//! The file of an export as it is answered.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::{BoxBody, SizedStream},
    http::{StatusCode, header},
};

use super::model::{Export, ExportFormat};
use crate::{
    files::Content,
    http::{Answers, Description},
    values::Resource,
};

/// A file to save.
pub struct Download {
    export: Export,
    content: Content,
}

impl Download {
    /// The file of `export`.
    pub fn new(export: Export, content: Content) -> Self {
        Self { export, content }
    }
}

impl Responder for Download {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let (media_type, end) = self.export.format.media_type();
        let name = format!("{}-{}.{end}", self.export.resource.as_ref(), self.export.created_at.day());
        HttpResponse::build(StatusCode::OK)
            .content_type(media_type)
            .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
            .body(SizedStream::new(self.content.size, self.content.bytes))
    }
}

impl Answers for Download {
    fn describe(description: &mut Description) {
        let examples = [
            (ExportFormat::Csv, "name,phone\r\nRomashka,+74951234567\r\n"),
            (ExportFormat::Xlsx, "the bytes of a workbook"),
            (ExportFormat::Jsonl, "{\"name\": \"Romashka\", \"phone\": \"+74951234567\"}\n"),
        ];
        for (format, example) in examples {
            let (media_type, _) = format.media_type();
            description.answers_file(media_type.split(';').next().unwrap_or(media_type), example);
        }
    }
}

/// The name under which the files of exports are kept.
pub const KIND: &str = Export::NAME;
