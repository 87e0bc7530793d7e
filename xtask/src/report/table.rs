//! Tables that are rows of a grid where there is room and a card per row where there is not.
//!
//! The roles are written out, since a browser forgets them when a table is laid out otherwise.

use super::markup::{Element, element};

/// One table.
pub(super) struct Table {
    caption: String,
    heading: Vec<String>,
    bodies: Vec<Element>,
    rows: Vec<Element>,
    class: &'static str,
    /// Columns that hold words: their heading stands above their beginning.
    words: Vec<usize>,
}

impl Table {
    pub(super) fn new<const N: usize>(caption: &str, heading: [&str; N]) -> Self {
        Self::with_heading(caption, heading.map(str::to_owned).to_vec())
    }

    pub(super) fn with_heading(caption: &str, heading: Vec<String>) -> Self {
        let caption = caption.to_owned();
        Self {
            caption,
            heading,
            bodies: Vec::new(),
            rows: Vec::new(),
            class: "",
            words: Vec::new(),
        }
    }

    /// `wide` is a card per row on any page, `brief` one with less air on a narrow page.
    pub(super) fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    /// A row; the first cell names it. Cells beyond the heading are an error of ours.
    pub(super) fn row(&mut self, class: &str, cells: impl IntoIterator<Item = Element>) {
        let mut row = element("tr").with("role", "row");
        if !class.is_empty() {
            row = row.class(class);
        }
        let mut count = 0;
        for (at, cell) in cells.into_iter().enumerate() {
            let role = if at == 0 { "rowheader" } else { "cell" };
            if cell.is(WORDS) && !self.words.contains(&at) {
                self.words.push(at);
            }
            let label = self.heading.get(at).map_or("", String::as_str);
            // Beside its label on a narrow page, whatever a cell holds is one thing.
            row = row.child(cell.wrap("span").with("role", role).with("data-label", label));
            count = at + 1;
        }
        debug_assert_eq!(count, self.heading.len(), "a cell per column");
        self.rows.push(row);
    }

    /// Rows from here on belong to a part of this name.
    pub(super) fn part(&mut self, name: &str) {
        self.end_part();
        let cell = element("th")
            .with("colspan", self.heading.len())
            .with("scope", "rowgroup")
            .with("role", "rowheader")
            .text(name);
        self.rows.push(element("tr").class("part").with("role", "row").child(cell));
    }

    fn end_part(&mut self) {
        if !self.rows.is_empty() {
            let rows = self.rows.drain(..);
            self.bodies.push(element("tbody").with("role", "rowgroup").children(rows));
        }
    }

    pub(super) fn build(mut self) -> Element {
        self.end_part();
        let cell = |(at, name): (usize, &String)| {
            let cell = element("th").with("scope", "col").with("role", "columnheader").text(name);
            if self.words.contains(&at) { cell.class(WORDS) } else { cell }
        };
        let heading =
            element("tr").with("role", "row").children(self.heading.iter().enumerate().map(cell));
        let table = element("table").with("role", "table");
        let table = if self.class.is_empty() { table } else { table.class(self.class) };
        table
            .child(element("caption").text(&self.caption))
            .child(element("thead").with("role", "rowgroup").child(heading))
            .children(self.bodies)
    }
}

/// The class of what is read from its left.
const WORDS: &str = "words";

/// The first cell of a row.
pub(super) fn name(text: &str) -> Element {
    element("th").with("scope", "row").text(text)
}

/// A cell of words.
pub(super) fn words(text: &str) -> Element {
    element("td").class(WORDS).prose(text)
}

/// A cell of a figure.
pub(super) fn figure(text: &str) -> Element {
    element("td").text(text)
}

#[cfg(test)]
mod tests {
    use super::{Table, figure, name};

    #[test]
    fn cells_know_their_columns() {
        let mut table = Table::new("costs", ["what", "ours"]);
        table.part("timers");
        table.row("", [name("sleep"), figure("4")]);
        table.part("tasks");
        table.row("lost", [name("<spawn>"), figure("5")]);
        let told = table.build().to_string();
        assert!(told.contains("data-label=\"ours\"><span>4<"), "{told}");
        assert!(told.contains("&lt;spawn&gt;") && told.contains("class=\"lost\""), "{told}");
        assert_eq!(told.matches("<tbody").count(), 2);
    }

    #[test]
    fn a_table_without_rows_is_its_heading() {
        let told = Table::new("nothing", ["what"]).build().to_string();
        assert!(told.contains("<thead") && !told.contains("<tbody"), "{told}");
    }
}
