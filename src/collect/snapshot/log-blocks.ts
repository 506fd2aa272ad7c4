/** A part of a text and the number of lines before it. */
export interface Segment {
  readonly text: string;
  readonly linesBefore: number;
}

/** The text without the container logs that `kubectl cluster-info dump` prints between its documents; a log may hold anything, also objects. */
export function withoutLogs(text: string): readonly Segment[] {
  if (!text.includes('==== START logs for ')) return [{ text, linesBefore: 0 }];
  const start = /^==== START logs for (container .*) ====$/gm;
  const segments: Segment[] = [];
  let [from, linesBefore] = [0, 0];
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    segments.push({ text: text.slice(from, match.index), linesBefore });
    const resumed = logEnd(text, start.lastIndex, match[1] ?? '');
    linesBefore += countLines(text, from, resumed);
    from = resumed;
    start.lastIndex = resumed;
  }
  segments.push({ text: text.slice(from), linesBefore });
  return segments.filter((segment) => segment.text.trim() !== '');
}

/** A log without a final line feed has the marker behind its last line; a log that was cut has none. */
function logEnd(text: string, from: number, container: string): number {
  const marker = `==== END logs for ${container} ====`;
  const at = text.indexOf(marker, from);
  return at < 0 ? text.length : at + marker.length;
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
