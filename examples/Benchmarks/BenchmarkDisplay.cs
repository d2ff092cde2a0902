using System.Diagnostics;
using Spectre.Console;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Shows the table while it is filled: live on a terminal, a line for each row elsewhere.</summary>
/// <remarks>It draws between measurements and on their own thread: a thread of its own would take time from them.</remarks>
internal sealed class BenchmarkDisplay
{
    private const int Wide = 118;
    private static readonly int[] OfAWideTable = [4, 7, 8]; // processor time, and the two times of a step

    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);
    private readonly IAnsiConsole console;
    private readonly IReadOnlyList<BenchmarkRow> rows;
    private readonly LiveDisplayContext? live;
    private readonly Dictionary<BenchmarkRow, RowResult> results = [];
    private BenchmarkRow? current;
    private string doing = "";
    private long drawn;

    private BenchmarkDisplay(IAnsiConsole console, IReadOnlyList<BenchmarkRow> rows, LiveDisplayContext? live) =>
        (this.console, this.rows, this.live) = (console, rows, live);

    /// <summary>Does work that reports to a display.</summary>
    public static void While(IAnsiConsole console, IReadOnlyList<BenchmarkRow> rows, Action<BenchmarkDisplay> work)
    {
        if (rows.Count == 0)
            return;
        if (LiveProgress.IsTerminal(console))
        {
            console.Live(new Table()).Start(context => work(new(console, rows, context)));
            return;
        }
        var display = new BenchmarkDisplay(console, rows, null);
        work(display);
        console.Write(display.Draw());
    }

    /// <summary>Says that a row begins.</summary>
    public void Begin(BenchmarkRow row)
    {
        current = row;
        Doing("warming up");
    }

    /// <summary>Says how far the row is.</summary>
    public void Doing(string what)
    {
        doing = what;
        if (live is null || Stopwatch.GetElapsedTime(drawn) < Redraw)
            return;
        drawn = Stopwatch.GetTimestamp();
        live.UpdateTarget(Draw());
    }

    /// <summary>Says what a row gave.</summary>
    public void Done(BenchmarkRow row, RowResult result)
    {
        results[row] = result;
        current = null;
        if (live is null)
            console.WriteLine($"{row.Name}: {string.Join(", ", BenchmarkReport.Columns.Zip(BenchmarkReport.Cells(row, result)).Skip(2).Where(pair => pair.Second.Length > 0).Select(pair => $"{pair.First} {pair.Second}"))}");
        else
            live.UpdateTarget(Draw());
    }

    private Table Draw()
    {
        var table = new Table().SimpleBorder();
        foreach (var (column, index) in BenchmarkReport.Columns.Select((column, index) => (column, index)).Where(entry => Shown(entry.index)))
            table.AddColumn(new TableColumn(column) { Alignment = index == 0 ? Justify.Left : Justify.Right });
        foreach (var row in rows)
        {
            string[] cells = results.TryGetValue(row, out var result) ? BenchmarkReport.Cells(row, result) : BenchmarkReport.Empty(row, row == current ? doing : "");
            table.AddRow([.. cells.Where((_, index) => Shown(index)).Select(cell => Markup.Escape(cell))]);
        }
        return table;
    }

    // A terminal is not wide enough for what is measured and for what was found beside it; the report has both.
    private bool Shown(int column) => column != 1 && column != BenchmarkReport.Columns.Count - 1 && (console.Profile.Width >= Wide || !OfAWideTable.Contains(column));
}
