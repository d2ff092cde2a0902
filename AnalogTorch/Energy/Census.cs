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

    /// <summary>Weights in arrays.</summary>
    public long Weights => Layers.Sum(layer => layer.Weights);

    /// <summary>A table of the layers.</summary>
    public override string ToString()
    {
        string[][] lines =
        [
            ["layer", "kind", "inputs → outputs", "reads", "transposed", "updates", "update pulses", "transfers", "programming pulses", "digital", "activations"],
            .. Layers.Select(layer => (string[])
            [
                layer.Name, layer.Kind, layer.IsArray ? $"{layer.Inputs} → {layer.Outputs}{(layer.Groups > 1 ? $" × {layer.Groups}" : "")}" : "", Number(layer.Reads),
                Number(layer.TransposedReads), Number(layer.Updates), Number(layer.UpdatePulses), Number(layer.Transfers), Number(layer.ProgrammingPulses + layer.WritePulses),
                Number(layer.DigitalElements + layer.DigitalMultiplyAccumulates), Number(layer.Activations),
            ]),
        ];
        return TextTable.Of(lines, column => column >= 3).ToString();
    }

    private static string Number(long value) => value == 0 ? "" : value.ToString("N0", CultureInfo.InvariantCulture);
}
