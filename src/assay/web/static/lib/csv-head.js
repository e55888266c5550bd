/** The first records of a CSV file (RFC 4180). */

/**
 * @param {string} text
 * @param {string} delimiter
 * @param {number} most records
 * @returns {string[][]} cells by record; a last record that is cut off is left out unless the text is whole
 */
export function csvRecords(text, delimiter, most, isWhole = true) {
  /** @type {string[][]} */
  const records = [];
  let record = /** @type {string[]} */ ([]);
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < text.length && records.length < most; at += 1) {
    const letter = text[at];
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') (cell += '"'), (at += 1);
      else isQuoted = false;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === delimiter) record.push(cell), (cell = "");
    else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && text[at + 1] === "\n") at += 1;
      record.push(cell);
      if (record.length > 1 || record[0] !== "") records.push(record);
      record = [];
      cell = "";
    } else cell += letter;
  }
  if (isWhole && records.length < most && (cell !== "" || record.length)) records.push([...record, cell]);
  return records;
}

/** The sign between the cells: the one that the first line has most of. @param {string} text */
export function delimiterOf(text) {
  const line = text.split("\n", 1)[0].replace(/"[^"]*"/g, "");
  return [",", ";", "\t", "|"].reduce((best, sign) => (line.split(sign).length > line.split(best).length ? sign : best));
}

/** A cell is text, unless it plainly holds a JSON object or list: the server reads it so too. @param {string} text @returns {any} */
export function cellValue(text) {
  if (!/^[[{][^]*[\]}]$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
