//! Pages of plain HTML, which need no other file. Without scripts and styles, the security policy of the API's answers suits
//! them.

/// A whole page. `title` is text, and `body` is HTML.
pub fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title} · Liaison</title></head>\n<body>\n{body}\n</body></html>\n"
    )
}

/// `text` as HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
