using System.Globalization;
using AnalogTorch.Core;
using AnalogTorch.Tiles;

namespace AnalogTorch.Inference;

/// <summary>How well the arrays of a chip were programmed.</summary>
public sealed class ProgrammingReport
{
    internal ProgrammingReport(IEnumerable<(string Name, ProgrammedTile Tile)> tiles)
    {
        Rows = [.. tiles.Select(entry => (entry.Name, entry.Tile.DeviceCount, entry.Tile.Outcome))];
        Tiles = tiles.Sum(entry => entry.Tile.Grid.Tiles);
    }

    /// <summary>One row an array, by the name of its layer, and of the matrix where a layer has several.</summary>
    public IReadOnlyList<(string Name, long Devices, ProgrammingOutcome Outcome)> Rows { get; }

    /// <summary>Weight matrices in memory, each an array of its own.</summary>
    public int Arrays => Rows.Count;

    /// <summary>Tiles that the arrays take.</summary>
    public long Tiles { get; }

    /// <summary>Number of weights, biases in the arrays included.</summary>
    public long Weights => Rows.Sum(row => row.Outcome.Weights);

    /// <summary>Number of devices.</summary>
    public long Devices => Rows.Sum(row => row.Devices);

    /// <summary>Programming pulses that were sent.</summary>
    public long Pulses => Rows.Sum(row => row.Outcome.Pulses);

    /// <summary>Root mean square of the errors right after programming, relative to the largest weight that a cell can hold.</summary>
    public double RmsError => Math.Sqrt(Rows.Sum(row => row.Outcome.Weights * row.Outcome.RmsError * row.Outcome.RmsError) / Weights);

    /// <summary>Share of weights whose error is beyond the scheme's target error.</summary>
    public double FailedFraction => Rows.Sum(row => row.Outcome.Weights * row.Outcome.FailedFraction) / Weights;

    /// <summary>A table of the arrays.</summary>
    public override string ToString()
    {
        string[][] lines =
        [
            ["array", "weights", "devices", "pulses per weight", "rms error", "failed"],
            .. Rows.Select(row => Line(row.Name, row.Outcome.Weights, row.Devices, row.Outcome.PulsesPerWeight, row.Outcome.RmsError, row.Outcome.FailedFraction)),
            Line("all", Weights, Devices, (double)Pulses / Math.Max(Weights, 1), RmsError, FailedFraction),
        ];
        return TextTable.Of(lines, column => column > 0).ToString();
    }

    private static string[] Line(string name, long weights, long devices, double pulses, double error, double failed) =>
    [
        name, weights.ToString("N0", CultureInfo.InvariantCulture), devices.ToString("N0", CultureInfo.InvariantCulture), pulses.ToString("F1", CultureInfo.InvariantCulture),
        error.ToString("P2", CultureInfo.InvariantCulture), failed.ToString("P2", CultureInfo.InvariantCulture),
    ];
}
