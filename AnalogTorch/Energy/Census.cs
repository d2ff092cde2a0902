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
        return (IsOfDesign ? table.AppendLine(PlanNote) : table).ToString();
    }

    /// <summary>How arrays of layers that are on no tile are laid out, in one sentence.</summary>
    internal const string PlanNote =
        "Layers on no tile yet are laid out as the design would: biases on one more line of the array, both matrices of a recurrent layer above each other; "
        + "hand in a hardware config to have them counted as PlanAnalog would.";

    /// <summary>How many layers are in how many arrays.</summary>
    internal string InWords => $"{LayersInArrays} layers in {Arrays} arrays{(IsOfDesign ? " of the design" : "")}.";

    /// <summary>Which weights are counted.</summary>
    internal string WeightsInWords => IsOfDesign ? "weights in the design" : "weights";

    private static string Number(long value) => value == 0 ? "" : value.ToString("N0", CultureInfo.InvariantCulture);
}
