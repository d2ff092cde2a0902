using System.Net;
using System.Text;
using ScottPlot;

namespace AnalogTorch.Examples;

/// <summary>A report in one HTML file that needs nothing else: style, plots and figures are inside it.</summary>
public sealed class HtmlReport(string title)
{
    private readonly StringBuilder body = new();
    private readonly Lock sync = new();
    private int plots;

    /// <summary>Begins a section.</summary>
    public HtmlReport Heading(string text) => Append($"<h2>{Escape(text)}</h2>");

    /// <summary>Adds a paragraph.</summary>
    public HtmlReport Text(string text) => Append($"<p>{Escape(text)}</p>");

    /// <summary>Adds a table; columns after the first are set as figures.</summary>
    /// <exception cref="ArgumentException">A row has another number of cells than there are columns.</exception>
    public HtmlReport Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var html = new StringBuilder("<div class=\"wide\"><table><thead><tr>");
        foreach (var column in columns)
        {
            html.Append("<th>").Append(Escape(column)).Append("</th>");
        }
        html.Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            if (row.Count != columns.Count)
            {
                throw new ArgumentException($"HtmlReport.Table rows must have {columns.Count} cells, one for each column, but one has {row.Count}.");
            }
            html.Append("<tr>");
            foreach (var cell in row)
            {
                html.Append("<td>").Append(Escape(cell)).Append("</td>");
            }
            html.Append("</tr>");
        }
        return Append(html.Append("</tbody></table></div>").ToString());
    }

    /// <summary>Adds names with their values.</summary>
    public HtmlReport Facts(IEnumerable<(string Name, string Value)> facts) => Append(FactsOf(facts));

    /// <summary>Adds text as it stands that is opened by a click, such as the configuration in JSON; in print it is open.</summary>
    public HtmlReport Folded(string title, string text) => Append($"<details><summary>{Escape(title)}</summary><pre><code>{Escape(text)}</code></pre></details>");

    /// <summary>What must not be missed: it stands above everything else.</summary>
    public string Notice { get; set; } = "";

    /// <summary>Adds text as it stands.</summary>
    public HtmlReport Code(string text) => Append($"<pre><code>{Escape(text)}</code></pre>");

    /// <summary>Adds a plot, drawn with lines.</summary>
    public HtmlReport Plot(Plot plot, string caption, int width = 760, int height = 400)
    {
        var svg = InlineSvg.Of(plot, width, height, $"p{Interlocked.Increment(ref plots)}");
        return Append($"<figure>{svg}<figcaption>{Escape(caption)}</figcaption></figure>");
    }

    /// <summary>The whole file, the facts of the run at its top.</summary>
    public string ToHtml(IEnumerable<(string Name, string Value)> facts)
    {
        lock (sync)
        {
            return $"""
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>{Escape(title)}</title>
                <style>
                {Style}
                </style>
                </head>
                <body>
                <h1>{Escape(title)}</h1>
                {(Notice.Length > 0 ? $"<p class=\"notice\">{Escape(Notice)}</p>" : "")}
                {FactsOf(facts)}
                {body}
                </body>
                </html>

                """;
        }
    }

    private const string Style = """
        :root { color-scheme: light dark; --ink: #1d2127; --soft: #5c6570; --line: #d5dae0; --card: #f5f7f9; --page: #ffffff; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #a0a8b2; --line: #3a414a; --card: #1c2127; --page: #13161a; } }
        body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.7rem; } h2 { font-size: 1.25rem; margin-top: 2.4rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .35rem .8rem; border-bottom: 1px solid var(--line); text-align: right; } th { color: var(--soft); font-weight: 600; }
        th:first-child, td:first-child { text-align: left; } td:not(:last-child) { white-space: nowrap; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .8rem; overflow-x: auto; font-size: .85rem; }
        .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin-left: 78px; font-size: .9rem; } .legend i { display: inline-block; width: 1.3em; height: 4px; border-radius: 2px; vertical-align: middle; margin-right: .45em; }
        .notice { border: 2px solid #d55e00; border-radius: 6px; padding: .6rem .9rem; } summary { cursor: pointer; color: var(--soft); }
        @media (max-width: 40rem) { body { padding: 0 .6rem; margin: 1rem auto; } th, td { padding: .3rem .45rem; font-size: .88rem; white-space: nowrap; } .legend { margin-left: 0; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin: 0 0 .4rem; } figure svg { min-width: 30rem; } figure { overflow-x: auto; } }
        @media print { :root { --ink: #000; --soft: #333; --line: #999; --card: #fff; --page: #fff; } body { max-width: none; font-size: 11pt; } figure, tr { break-inside: avoid; } h2 { break-after: avoid; } pre { white-space: pre-wrap; } .wide { overflow: visible; } * { print-color-adjust: exact; } }
        figure { margin: 1.2rem 0; } figure svg { max-width: 100%; height: auto; color: var(--ink); } figcaption { color: var(--soft); font-size: .92rem; }
        """;

    private HtmlReport Append(string html)
    {
        lock (sync)
        {
            body.Append(html).Append('\n');
        }
        return this;
    }

    private static string FactsOf(IEnumerable<(string Name, string Value)> facts) =>
        $"<dl>{string.Concat(facts.Select(fact => $"<dt>{Escape(fact.Name)}</dt><dd>{Escape(fact.Value)}</dd>"))}</dl>";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
