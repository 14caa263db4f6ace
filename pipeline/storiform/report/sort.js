"use strict";
(function () {
  function key(row, column) {
    return row.cells[column].dataset.order || "";
  }
  function compare(a, b) {
    if (a === b) { return 0; }
    if (a === "") { return 2; }
    if (b === "") { return -2; }
    var x = Number(a), y = Number(b);
    if (!isNaN(x) && !isNaN(y)) { return x < y ? -1 : x > y ? 1 : 0; }
    return a.localeCompare(b);
  }
  function sort(table, head) {
    var column = head.cellIndex, body = table.tBodies[0];
    var down = head.getAttribute("aria-sort") === "ascending";
    var rows = Array.prototype.slice.call(body.rows);
    rows.sort(function (r, s) {
      var order = compare(key(r, column), key(s, column));
      return Math.abs(order) === 2 || !down ? order : -order;
    });
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell) {
      cell.removeAttribute("aria-sort");
    });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    rows.forEach(function (row) { body.appendChild(row); });
  }
  function filter(table, words) {
    Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
      var text = row.textContent.toLowerCase();
      row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
    });
  }
  function search(table) {
    var rows = table.tBodies[0].rows.length, label = document.createElement("label");
    if (rows < 12) { return; }
    var field = document.createElement("input"), told = document.createElement("output");
    label.className = "search";
    label.textContent = "Search ";
    field.type = "search";
    label.appendChild(field);
    label.appendChild(told);
    field.addEventListener("input", function () {
      filter(table, field.value.toLowerCase().split(/\s+/));
      label.classList.toggle("used", field.value !== "");
      var left = table.tBodies[0].querySelectorAll("tr:not([hidden])").length;
      told.textContent = field.value ? " " + left + " of " + rows + " rows" : "";
    });
    table.parentNode.parentNode.insertBefore(label, table.parentNode);
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    search(table);
    table.querySelectorAll("thead th").forEach(function (head) {
      var button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("click", function () { sort(table, head); });
    });
  });
  function reveal() {
    var goal = location.hash ? document.getElementById(location.hash.slice(1)) : null;
    if (goal && goal.tagName === "DETAILS") { goal.open = true; goal.scrollIntoView(); }
  }
  window.addEventListener("hashchange", reveal);
  reveal();
})();
