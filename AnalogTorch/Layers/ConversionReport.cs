using System.Globalization;
using AnalogTorch.Core;

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
}

/// <summary>What became of the layers of a model.</summary>
/// <param name="Rows">One row a weight matrix on tiles, and one a digital layer with parameters.</param>
public sealed record ConversionReport(IReadOnlyList<ConversionRow> Rows)
{
    private const string Header = "layer|kind|inputs → outputs|weights|devices|tiles|used|cell, or why digital";

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

    /// <summary>A table of the layers.</summary>
    public override string ToString()
    {
        var header = Header.Split('|');
        var lines = Rows.Select(row => new[]
        {
            row.Name, row.Kind, row.Shape, Number(row.Weights), Number(row.Devices), Number(row.Tiles),
            row.IsAnalog ? row.Utilization.ToString("P0", CultureInfo.InvariantCulture) : "", row.Note,
        }).Prepend(header).Append(["total", "", "", Number(Weights), Number(Devices), Number(Tiles), "", $"{LayersInArrays} layers in {Arrays} arrays"]).ToArray();
        return TextTable.Of(lines, column => column is >= 3 and <= 6).ToString();
    }

    private static string Number(long value) => value == 0 ? "" : value.ToString("N0", CultureInfo.InvariantCulture);
}
