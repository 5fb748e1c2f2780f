// A click on a heading sorts its table by that column; without this script the tables are as they are in report.md.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(body, heading, column));
    heading.append(button);
  });
}

function sort(body, heading, column) {
  const rows = [...body.rows].map((row) => ({ row, text: row.cells[column].textContent.trim() }));
  const known = rows.filter((entry) => entry.text !== "–");
  const numbers = known.every((entry) => /^[<+-]?\s?[\d,]*\.?\d+(\s|$)/.test(entry.text));
  const sorted = heading.getAttribute("aria-sort");
  const descending = sorted ? sorted === "ascending" : numbers;
  const value = (entry) => parseFloat(entry.text.replace(/[<,\s]/g, ""));
  const compare = numbers
    ? (a, b) => value(a) - value(b)
    : (a, b) => a.text.localeCompare(b.text, "en", { numeric: true });
  known.sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
  const unknown = rows.filter((entry) => entry.text === "–");
  body.append(...[...known, ...unknown].map((entry) => entry.row));
  for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
}
