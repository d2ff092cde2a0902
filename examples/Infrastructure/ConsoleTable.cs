using Spectre.Console;

namespace AnalogTorch.Examples;

/// <summary>Tables that stay readable on a narrow terminal.</summary>
internal static class ConsoleTable
{
    private const int Between = 2;

    /// <summary>Shows a table: as it is where it fits, else with rows and columns exchanged, else one block a row.</summary>
    /// <param name="console">Where to show it.</param>
    /// <param name="columns">Titles of the columns; the first is of the names of the rows.</param>
    /// <param name="rows">Cells of the rows, as many as there are columns.</param>
    public static void Write(IAnsiConsole console, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }
        string[][] turned = [.. Enumerable.Range(1, columns.Count - 1).Select(column => (string[])[columns[column], .. rows.Select(row => row[column])])];
        string[] names = [columns[0], .. rows.Select(row => row[0])];
        if (Width(columns, rows) <= console.Profile.Width)
        {
            console.Write(Of(columns, rows));
        }
        else if (Width(names, turned) <= console.Profile.Width)
        {
            console.Write(Of(names, turned));
        }
        else
        {
            foreach (var row in rows)
            {
                Block(console, columns, row);
            }
        }
    }

    /// <summary>A table with as few lines as it takes.</summary>
    public static Table Of(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().SimpleBorder();
        foreach (var (index, column) in columns.Index())
        {
            table.AddColumn(new TableColumn(new Text(column)) { Alignment = index == 0 ? Justify.Left : Justify.Right, NoWrap = true, Padding = new Padding(0, 0, index == columns.Count - 1 ? 0 : Between, 0) });
        }
        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }
        return table;
    }

    private static void Block(IAnsiConsole console, IReadOnlyList<string> columns, IReadOnlyList<string> row)
    {
        var width = columns.Skip(1).Max(column => column.Length);
        console.WriteLine(row[0]);
        foreach (var (column, cell) in columns.Zip(row).Skip(1).Where(pair => pair.Second.Length > 0))
        {
            console.WriteLine($"  {column.PadRight(width)}  {cell}");
        }
    }

    private static int Width(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows) =>
        Between + columns.Select((column, i) => Between + Math.Max(column.Length, rows.Max(row => row[i].Length))).Sum();
}
