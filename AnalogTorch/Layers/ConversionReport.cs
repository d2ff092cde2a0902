using System.Globalization;
using AnalogTorch.Core;
using AnalogTorch.Tiles;

namespace AnalogTorch.Layers;

/// <summary>What became of one weight matrix, or of a layer that stays digital.</summary>
/// <param name="Name">Name of the layer in the model, and of the matrix where a layer has several.</param>
/// <param name="Kind">Type of the layer.</param>
/// <param name="IsAnalog">Whether it is on tiles.</param>
/// <param name="Note">The unit cell, or the noise of training, or why the layer stays digital.</param>
/// <param name="Shape">Inputs → outputs, group by group.</param>
/// <param name="Weights">Weights in the array, bias included.</param>
/// <param name="Devices">Devices that they are made of.</param>
/// <param name="Tiles">Tiles that it takes.</param>
/// <param name="Utilization">Share of the cells of the tiles that hold a weight.</param>
public sealed record ConversionRow(string Name, string Kind, bool IsAnalog, string Note, string Shape, long Weights, long Devices, long Tiles, double Utilization)
{
    /// <summary>Name of the layer in the model; several matrices of one layer share it.</summary>
    public string Layer { get; init; } = Name;

    /// <summary>What became of the weights when the hardware took them over; null for digital layers, and for what is only planned.</summary>
    public WrittenWeights? Written { get; init; }

    /// <summary>What is to be done if weights are lost.</summary>
    public string Remedy { get; init; } = "";

    /// <summary>Parts of the path of its reads that keep them from fast passes.</summary>
    public ValueList<string> SlowParts { get; init; } = [];

    /// <summary>Numbers of a layer that stays digital: its parameters, and matrices that it keeps in buffers.</summary>
    public long DigitalNumbers { get; init; }
}

/// <summary>What became of the layers of a model.</summary>
/// <param name="Rows">One row a weight matrix on tiles, and one a digital layer with parameters.</param>
public sealed record ConversionReport(IReadOnlyList<ConversionRow> Rows)
{
    private const string Header = "layer|kind|inputs → outputs|weights|devices|tiles|used|clipped|error|cell, or why digital";
    private const int ClippedColumn = 7, ErrorColumn = 8;

    /// <summary>Layers on tiles; a recurrent one has several weight matrices.</summary>
    public int LayersInArrays => Rows.Where(row => row.IsAnalog).Select(row => row.Layer).Distinct().Count();

    /// <summary>Weight matrices on tiles, each an array of its own.</summary>
    public int Arrays => Rows.Count(row => row.IsAnalog);

    /// <summary>Weights on tiles, biases in the array included.</summary>
    public long Weights => Rows.Sum(row => row.Weights);

    /// <summary>Devices that they are made of.</summary>
    public long Devices => Rows.Sum(row => row.Devices);

    /// <summary>Tiles that they take.</summary>
    public long Tiles => Rows.Sum(row => row.Tiles);

    /// <summary>Numbers of layers that stay digital.</summary>
    public long DigitalNumbers => Rows.Sum(row => row.DigitalNumbers);

    /// <summary>What a user should know before relying on the conversion: layers whose weights the hardware cannot hold, a sentence each.</summary>
    public IEnumerable<string> Warnings => Rows.Where(row => row.Written is { IsLossy: true }).Select(row =>
        $"{row.Name}: {Percent(row.Written!.ClippedShare)} of its weights are larger than the hardware can hold, and they are off by {Percent(row.Written.RmsError)} of their size (root mean square); {row.Remedy}.");

    /// <summary>Which arrays are read operation by operation, since parts of their hardware cannot be said in the numbers that fast passes take: a sentence each kind.</summary>
    public IEnumerable<string> SlowReads => Rows.Where(row => row.SlowParts.Count > 0).GroupBy(row => string.Join(", ", row.SlowParts)).Select(group =>
        $"{Names([.. group.Select(row => row.Name)])}: read operation by operation, which takes several times as long, because of {group.Key}.");

    /// <summary>A table of the layers, the share of the network that stays digital, slow reads, and warnings.</summary>
    public override string ToString()
    {
        var header = Header.Split('|');
        var lines = Rows.Select(row => new[]
        {
            row.Name, row.Kind, row.Shape, Number(row.Weights), Number(row.Devices), Number(row.Tiles),
            row.IsAnalog ? row.Utilization.ToString("P0", CultureInfo.InvariantCulture) : "",
            row.Written is { } written ? Percent(written.ClippedShare) : "", row.Written is { } held ? Percent(held.RmsError) : "", row.Note,
        }).Prepend(header).Append(["total", "", "", Number(Weights), Number(Devices), Number(Tiles), "", "", "", $"{LayersInArrays} layers in {Arrays} arrays"]).ToArray();
        if (Rows.All(row => row.Written is null))
            lines = [.. lines.Select(line => line.Where((_, column) => column is not (ClippedColumn or ErrorColumn)).ToArray())];
        var text = TextTable.Of(lines, column => column >= 3 && column < lines[0].Length - 1);
        if (DigitalNumbers > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"{Percent((double)DigitalNumbers / (DigitalNumbers + Weights))} of the numbers of the network stay digital ({Number(DigitalNumbers)}).");
        foreach (var slow in SlowReads)
            text.AppendLine(slow);
        foreach (var warning in Warnings)
            text.AppendLine($"Warning: {warning}");
        return text.ToString();
    }

    private static string Names(string[] names) => names.Length <= 3 ? string.Join(", ", names) : $"{string.Join(", ", names[..2])} and {names.Length - 2} more";

    private static string Percent(double share) => share is > 0 and < 0.001 ? "< 0.1 %" : share.ToString(share < 0.1 ? "P1" : "P0", CultureInfo.InvariantCulture);

    private static string Number(long value) => value == 0 ? "" : value.ToString("N0", CultureInfo.InvariantCulture);
}
