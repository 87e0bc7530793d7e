//! A tree of elements: the one place where text becomes markup, so that nothing goes unescaped.
//!
//! HTML and SVG alike: an SVG element within HTML is written in the same way.

use std::fmt::{self, Display, Formatter, Write};

/// An element, its attributes and what it holds.
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Node>,
}

enum Node {
    Element(Element),
    Text(String),
    /// A style sheet of our own, which is not escaped within `style`.
    Style(&'static str),
}

/// Elements that have no end.
const VOID: [&str; 3] = ["br", "hr", "meta"];

/// Elements that start on a line of their own, so that a page can be read and compared as text.
const BLOCKS: [&str; 27] = [
    "article", "body", "details", "div", "dl", "dt", "figure", "footer", "h1", "h2", "h3", "head",
    "header", "li", "main", "meta", "nav", "ol", "p", "section", "style", "svg", "table", "tbody",
    "title", "tr", "ul",
];

pub(super) fn element(name: &'static str) -> Element {
    Element { name, attributes: Vec::new(), children: Vec::new() }
}

impl Element {
    /// An attribute.
    pub(super) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    pub(super) fn class(self, class: impl Display) -> Self {
        self.with("class", class)
    }

    pub(super) fn id(self, id: impl Display) -> Self {
        self.with("id", id)
    }

    pub(super) fn text(mut self, text: impl Display) -> Self {
        let text = text.to_string();
        if !text.is_empty() {
            self.children.push(Node::Text(text));
        }
        self
    }

    /// Whether it is of this class and no other.
    pub(super) fn is(&self, class: &str) -> bool {
        self.attributes.iter().any(|(name, value)| *name == "class" && value == class)
    }

    /// Puts all that it holds into one element of this name, if it holds anything.
    pub(super) fn wrap(mut self, name: &'static str) -> Self {
        if self.children.is_empty() {
            return self;
        }
        let children = std::mem::take(&mut self.children);
        self.child(Element { children, ..element(name) })
    }

    pub(super) fn child(mut self, child: Element) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// Any number of them; an `Option` is none or one.
    pub(super) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    /// A text in which what stands between backticks is code.
    pub(super) fn prose(mut self, text: &str) -> Self {
        let mut parts = text.split('`');
        let before = parts.next().unwrap_or_default();
        self = self.text(before);
        while let Some(code) = parts.next() {
            self = match parts.next() {
                Some(after) => self.child(element("code").text(code)).text(after),
                // The last one opens nothing.
                None => self.text(format!("`{code}")),
            };
        }
        self
    }

    pub(super) fn style_sheet(mut self, sheet: &'static str) -> Self {
        debug_assert!(!sheet.contains("</"), "a style sheet that would end its element");
        self.children.push(Node::Style(sheet));
        self
    }

    /// A whole document of which this is the root.
    pub(super) fn document(&self) -> String {
        format!("<!DOCTYPE html>\n{self}\n")
    }
}

impl Display for Element {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(out, " {name}=\"")?;
            escape(out, value)?;
            out.write_char('"')?;
        }
        out.write_char('>')?;
        if VOID.contains(&self.name) {
            return Ok(());
        }
        for child in &self.children {
            match child {
                Node::Element(element) => {
                    if BLOCKS.contains(&element.name) {
                        out.write_char('\n')?;
                    }
                    element.fmt(out)?;
                }
                Node::Text(text) => escape(out, text)?,
                Node::Style(sheet) => out.write_str(sheet)?,
            }
        }
        write!(out, "</{}>", self.name)
    }
}

fn escape(out: &mut Formatter<'_>, text: &str) -> fmt::Result {
    for character in text.chars() {
        match character {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            _ => out.write_char(character)?,
        }
    }
    Ok(())
}

/// A name as an anchor: letters, digits and dashes.
pub(super) fn anchor(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::{anchor, element};

    #[test]
    fn text_and_attributes_are_escaped() {
        let told = element("p").with("title", "a \"b\" & 'c'").text("Vec<T> && </p><script>");
        assert_eq!(
            told.to_string(),
            "<p title=\"a &quot;b&quot; &amp; &#39;c&#39;\">\
             Vec&lt;T&gt; &amp;&amp; &lt;/p&gt;&lt;script&gt;</p>"
        );
    }

    #[test]
    fn children_keep_their_order_and_void_elements_have_no_end() {
        let told = element("p")
            .text("a")
            .child(element("br"))
            .text("b")
            .children([element("b").text("c"), element("i")]);
        assert_eq!(told.to_string(), "<p>a<br>b<b>c</b><i></i></p>");
        assert_eq!(element("p").children(None).document(), "<!DOCTYPE html>\n<p></p>\n");
    }

    #[test]
    fn code_stands_between_backticks() {
        let told = |text| element("p").prose(text).to_string();
        assert_eq!(told("a `<b>` c"), "<p>a <code>&lt;b&gt;</code> c</p>");
        assert_eq!(told("a `b"), "<p>a `b</p>");
        assert_eq!(told("plain"), "<p>plain</p>");
    }

    #[test]
    fn what_holds_nothing_is_not_wrapped() {
        assert_eq!(element("td").text("").wrap("span").to_string(), "<td></td>");
        let told = element("td").with("a", 1).text("b").child(element("i")).wrap("span");
        assert_eq!(told.to_string(), "<td a=\"1\"><span>b<i></i></span></td>");
    }

    #[test]
    fn anchors_hold_nothing_that_needs_escaping() {
        assert_eq!(anchor("multi Fan_In (64)"), "multi-fan-in--64-");
    }
}
