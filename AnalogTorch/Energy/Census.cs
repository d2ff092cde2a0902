using System.Globalization;
using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>What a model did in a pass, counted while it ran.</summary>
/// <param name="Layers">Arrays and digital layers, in the order of the model.</param>
/// <param name="Samples">Samples of the pass, by which figures per inference are divided.</param>
public sealed record Census(IReadOnlyList<CensusLayer> Layers, long Samples)
{
    /// <summary>Operations of the arrays.</summary>
    public long ArrayOperations => Layers.Sum(layer => layer.ArrayOperations);

    /// <summary>All operations.</summary>
    public long Operations => Layers.Sum(layer => layer.Operations);

    /// <summary>Arrays: weight matrices on tiles, or those that a design would build.</summary>
    public int Arrays => Layers.Count(layer => layer.IsArray);

    /// <summary>Layers whose weights are in arrays; a recurrent one has several.</summary>
    public int LayersInArrays => Layers.Where(layer => layer.IsArray).Select(layer => layer.Layer).Distinct().Count();

    /// <summary>Weights in arrays, biases there included.</summary>
    public long Weights => Layers.Sum(layer => layer.Weights);

    /// <summary>Devices of the arrays; 0 for layers that hold none yet.</summary>
    public long Devices => Layers.Sum(layer => layer.Devices);

    /// <summary>Tiles that the model's own hardware takes.</summary>
    public long Tiles => Layers.Sum(layer => layer.Tiles);

    /// <summary>Modules whose own code takes products that were not counted, since no build step led them here, with the names of the functions.</summary>
    public IReadOnlyList<string> NotCounted { get; init; } = [];

    /// <summary>Multiply-accumulates of all products, of arrays and of digital circuits; updates of arrays are not counted.</summary>
    public long MultiplyAccumulates => Layers.Sum(layer => layer.Weights * (layer.Reads + layer.TransposedReads) + layer.DigitalMultiplyAccumulates);

    /// <summary>Share of the multiply-accumulates that digital circuits do; 0 where there are none.</summary>
    public double DigitalShare => MultiplyAccumulates == 0 ? 0 : (double)Layers.Sum(layer => layer.DigitalMultiplyAccumulates) / MultiplyAccumulates;

    /// <summary>Whether a sample's values were seen at the lines of arrays, so that what they drive can be priced.</summary>
    public bool IsDriven => Layers.Any(layer => layer.Forward.Activity is not null);

    /// <summary>
    /// Whether some arrays are of no hardware config,
    /// and laid out as a design would: biases on a line of the array, both matrices of a recurrent layer above each other.
    /// </summary>
    public bool IsOfDesign => Layers.Any(layer => layer.IsArray && !layer.HasOwnHardware);

    /// <summary>The same counts without what the sample drove: priced at the activity that a cost model is stated for.</summary>
    public Census AtNominalActivity() => this with
    {
        Layers = [.. Layers.Select(layer => layer with
        {
            Forward = layer.Forward with { Activity = null, DrivenShare = null },
            Backward = layer.Backward with { Activity = null, DrivenShare = null },
        })],
    };

    /// <summary>A table of the layers.</summary>
    public override string ToString()
    {
        string[][] lines =
        [
            [
                "layer", "kind", "inputs → outputs", WeightsInWords, "devices", "tiles", "reads", "inputs on", "transposed", "updates", "update pulses", "transfers",
                "programming pulses", "digital", "activations",
            ],
            .. Layers.Select(layer => (string[])
            [
                layer.Name, layer.Kind, layer.IsArray ? $"{layer.Inputs} → {layer.Outputs}{(layer.Groups > 1 ? $" × {layer.Groups}" : "")}" : "",
                Number(layer.Weights), Number(layer.Devices), Number(layer.Tiles), Number(layer.Reads),
                layer.Forward.Activity?.ToString("P0", CultureInfo.InvariantCulture) ?? "", Number(layer.TransposedReads), Number(layer.Updates),
                Number(layer.UpdatePulses), Number(layer.Transfers), Number(layer.ProgrammingPulses + layer.WritePulses),
                Number(layer.DigitalElements + layer.DigitalMultiplyAccumulates), Number(layer.Activations),
            ]),
            ["total", "", "", Number(Weights), Number(Devices), Number(Tiles), .. Enumerable.Repeat("", 9)],
        ];
        var table = TextTable.Of(lines, column => column >= 3);
        table.AppendLine(InWords);
        if (DigitalShare > 0)
            table.AppendLine(DigitalInWords);
        if (NotCountedInWords is { } notCounted)
            table.AppendLine(notCounted);
        return (IsOfDesign ? table.AppendLine(PlanNote) : table).ToString();
    }

    /// <summary>How arrays of layers that are on no tile are laid out, in one sentence.</summary>
    internal const string PlanNote =
        "Layers on no tile yet are laid out as the design would: biases on one more line of the array, both matrices of a recurrent layer above each other; "
        + "hand in a hardware config to have them counted as PlanAnalog would.";

    /// <summary>How many layers are in how many arrays.</summary>
    internal string InWords => $"{LayersInArrays} layers in {Arrays} arrays{(IsOfDesign ? " of the design" : "")}.";

    /// <summary>Which products stay digital, the largest first, each with its share of all multiply-accumulates.</summary>
    internal string DigitalInWords
    {
        get
        {
            var digital = Layers.Where(layer => layer.DigitalMultiplyAccumulates > 0).GroupBy(layer => (layer.Layer, layer.Kind))
                .Select(group => (Name: $"{group.Key.Layer} ({group.Key.Kind})", Share: (double)group.Sum(layer => layer.DigitalMultiplyAccumulates) / MultiplyAccumulates))
                .OrderByDescending(entry => entry.Share).ToArray();
            var named = digital.Take(MostNamed).Select(entry => $"{entry.Name} {Percent(entry.Share)}");
            var rest = digital.Length > MostNamed ? $", and {digital.Length - MostNamed} more" : "";
            return $"{Percent(DigitalShare)} of the multiply-accumulates are digital: {string.Join(", ", named)}{rest}.";
        }
    }

    /// <summary>Which products were not counted, and what to do; null if there are none.</summary>
    internal string? NotCountedInWords => NotCounted.Count == 0 ? null
        : $"Not counted are the products in the code of {string.Join("; ", NotCounted)}: let the build lead such calls ({AnalogTorch.Layers.ForwardCalls.BuildStep}).";

    private const int MostNamed = 8;

    private static string Percent(double share) => share is > 0 and < 0.001 ? "< 0.1 %" : share.ToString(share < 0.1 ? "P1" : "P0", CultureInfo.InvariantCulture);

    /// <summary>Which weights are counted.</summary>
    internal string WeightsInWords => IsOfDesign ? "weights in the design" : "weights";

    private static string Number(long value) => value == 0 ? "" : value.ToString("N0", CultureInfo.InvariantCulture);
}
