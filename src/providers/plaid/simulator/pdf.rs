//! The smallest PDF that shows lines of text.

use std::fmt::Write;

/// Lines beyond these do not fit onto the one page.
const MOST_LINES: usize = 60;

/// A PDF of one page with these lines.
pub fn document(lines: &[String]) -> Vec<u8> {
    let mut page = "BT /F1 10 Tf 12 TL 40 800 Td".to_owned();
    for line in lines.iter().take(MOST_LINES) {
        let _ = write!(page, " ({}) Tj T*", plain(line));
    }
    page.push_str(" ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"
            .to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
    ];
    let mut text = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(text.len());
        let _ = write!(text, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let table = text.len();
    let _ = write!(text, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(text, "{place:010} 00000 n ");
    }
    let _ = write!(text, "trailer << /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    text.into_bytes()
}

/// Without what has a meaning in a PDF's text.
fn plain(line: &str) -> String {
    line.chars().map(|c| if c.is_ascii_graphic() && !"()\\".contains(c) || c == ' ' { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_where_each_object_begins() {
        let text = String::from_utf8_lossy(&document(&["A (line)".to_owned()])).into_owned();
        assert!(text.starts_with("%PDF-1.4") && text.ends_with("%%EOF\n") && text.contains("(A ?line?) Tj"));
        let places: Vec<usize> = text.lines().filter_map(|line| line.strip_suffix(" 00000 n ")?.parse().ok()).collect();
        assert_eq!(places.len(), 5);
        for (index, place) in places.into_iter().enumerate() {
            assert!(text[place..].starts_with(&format!("{} 0 obj", index + 1)));
        }
    }
}
