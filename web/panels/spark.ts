import { html, svg, type TemplateResult } from "lit";

/** A small plot of the last minute. The value stands beside it as text, so it is only a picture of it. */
export function spark(values: readonly number[], maximum?: number): TemplateResult {
  const width = 72;
  const height = 20;
  const top = Math.max(maximum ?? 0, ...values, 1e-9) * 1.1;
  const step = width / 59;
  const start = width - (values.length - 1) * step;
  const points = values.map(
    (value, index) => `${(start + index * step).toFixed(1)} ${(height - 1 - (value / top) * (height - 2)).toFixed(1)}`,
  );
  const line = points.length > 1 ? `M${points.join(" L")}` : "";
  return html`<svg class="spark" viewBox="0 0 72 20" preserveAspectRatio="none" aria-hidden="true">
    ${line === "" ? "" : svg`<path class="area" d="${line} L${width} ${height} L${start.toFixed(1)} ${height} Z" /><path vector-effect="non-scaling-stroke" d=${line} />`}
  </svg>`;
}
