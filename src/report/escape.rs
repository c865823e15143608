//! Text in markup: what HTML and SVG need written otherwise.

/// Text as XML content or attribute value.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Control characters are no XML, whatever a title may hold.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
