/** What a histogram says: how its edges are written, its sentence, and which part of a bar fails. */
import { plural } from "./format.js";

/** @typedef {{from: number, to: number, count: number, failedCount?: number, isFailed?: boolean}} Bin */

/** Write edges with just as many decimals as tell them apart. @param {Bin[]} bins @returns {(value: number) => string} */
export function formatEdge(bins) {
  const width = Math.min(...bins.map((bin) => bin.to - bin.from).filter((size) => size > 0), 1e15);
  const digits = width === 1e15 ? 2 : Math.min(6, Math.max(0, Math.ceil(-Math.log10(width) - 1e-9)));
  return (value) => {
    const decimals = Number.isInteger(value) ? 0 : Math.max(digits, decimalsOf(value, digits + 2));
    return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).replace("-", "−");
  };
}

/** @param {number} value @param {number} most */
function decimalsOf(value, most) {
  const text = Math.abs(value).toFixed(Math.min(most, 8)).replace(/0+$/, "");
  return text.length - text.indexOf(".") - 1;
}

/** Whether a bar lies in a range, give or take what floating point makes of edges. @param {Bin} bin @param {[number, number]} range */
export function isInRange(bin, [from, to]) {
  const slack = (bin.to - bin.from) * 1e-6;
  return bin.from >= from - slack && bin.to <= to + slack;
}

/**
 * The share of a bar's width on the failing side of the mark, 0 to 1.
 * @param {Bin} bin @param {number | null} mark @param {"below" | "above" | null} fails
 */
export function failingShare(bin, mark, fails) {
  if (bin.isFailed) return 1;
  if (mark === null || fails === null) return 0;
  const below = bin.to === bin.from ? Number(bin.from < mark) : Math.min(1, Math.max(0, (mark - bin.from) / (bin.to - bin.from)));
  return fails === "below" ? below : 1 - below;
}

/**
 * A histogram in a sentence.
 * @param {Bin[]} bins @param {string} label
 * @param {{noun: string, write: (value: number) => string, mark: number | null, fails: "below" | "above" | null}} how
 */
export function sentenceOf(bins, label, { noun, write, mark, fails }) {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  const most = bins.reduce((best, bin) => (bin.count > best.count ? bin : best), bins[0]);
  const parts = [`${label}: ${plural(total, noun)} from ${write(bins[0].from)} to ${write(bins[bins.length - 1].to)}`];
  if (total) parts.push(`most, ${most.count}, between ${write(most.from)} and ${write(most.to)}`);
  if (mark !== null && fails) parts.push(`${fails} ${write(mark)} fails`);
  return `${parts.join("; ")}.`;
}
