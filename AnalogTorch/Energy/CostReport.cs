using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>What a pass costs on a piece of hardware; everything per inference is divided by the samples of the census.</summary>
/// <remarks>Operations are counted as <see cref="CensusLayer.ArrayOperations"/> says: two for each weight and read, lines of biases included; digital elements cost energy and count for nothing.</remarks>
/// <param name="Hardware">The hardware.</param>
/// <param name="Census">What was done.</param>
/// <param name="Layers">What each layer costs, in the order of the census.</param>
public sealed record CostReport(HardwareCost Hardware, Census Census, IReadOnlyList<LayerCost> Layers)
{
    /// <summary>Energy of one inference, or of one training example (J).</summary>
    public double JoulesPerInference => Layers.Sum(layer => layer.Joules) / Census.Samples;

    /// <summary>Time from input to result: the layers one after the other (s).</summary>
    public double SecondsPerInference => Layers.Sum(layer => layer.Seconds) / Census.Samples;

    /// <summary>Time from result to result if all layers work at once on different samples: that of the slowest (s). A digital processor does not.</summary>
    public double PipelinedSeconds => Hardware is DigitalProcessor ? SecondsPerInference : Layers.Select(layer => layer.Interval).DefaultIfEmpty().Max() / Census.Samples;

    /// <summary>Area of all tiles, or of the processor (m²).</summary>
    public double SquareMetres => Hardware is DigitalProcessor processor ? processor.ChipArea : Layers.Sum(layer => layer.SquareMetres);

    /// <summary>Devices, copies of arrays included; the hardware's own number a weight for layers that hold none yet.</summary>
    public long Devices => Layers.Sum(layer => layer.Devices);

    /// <summary>Tiles of this hardware, copies of arrays included; <see cref="Census.Tiles"/> has those of the model's own hardware.</summary>
    public long Tiles => Layers.Sum(layer => layer.Tiles);

    /// <summary>Energy of one inference that depends on the values of the sample (J); the rest follows counts alone.</summary>
    public double DataDependentJoules => Energy.Where(part => Hardware.DataDependent.Contains(part.Key)).Sum(part => part.Value);

    /// <summary>Operations that are counted: those of arrays, or all that a digital processor does.</summary>
    public double Operations => Hardware is DigitalProcessor ? Census.Operations : Census.ArrayOperations;

    /// <summary>10¹² operations a second for a watt, which is 10¹² operations for a joule.</summary>
    public double TopsPerWatt => Ratio(Operations / Census.Samples, JoulesPerInference) / 1e12;

    /// <summary>10¹² operations a second on a square millimetre, with all layers at work.</summary>
    public double TopsPerSquareMillimetre => Ratio(Operations / Census.Samples, PipelinedSeconds * SquareMetres * 1e6) / 1e12;

    /// <summary>Energy by component, of one inference (J).</summary>
    public IReadOnlyDictionary<CostComponent, double> Energy => Enum.GetValues<CostComponent>()
        .Select(component => (component, Joules: Layers.Sum(layer => layer.Energy.GetValueOrDefault(component)) / Census.Samples))
        .Where(entry => entry.Joules > 0).ToDictionary(entry => entry.component, entry => entry.Joules);

    /// <summary>Energy to program all arrays once, where they were (J); the pulses of the census times the energy of one.</summary>
    public double ProgrammingJoules => Hardware is DurationHardware duration ? Census.Layers.Sum(layer => layer.WritePulses) * duration.ProgrammingPulseEnergy : 0;

    /// <summary>Examples until devices have received as many programming pulses as they endure, on average over the array that is worn most; infinite if none are sent.</summary>
    /// <param name="endurance">Pulses that a device endures; phase-change memory is commonly given 10⁸ to 10¹².</param>
    public double ExamplesUntilWorn(double endurance)
    {
        if (!(endurance > 0))
            throw new ArgumentOutOfRangeException(nameof(endurance), $"CostReport.ExamplesUntilWorn needs a positive number of pulses, but got {endurance}.");
        var worst = Layers.Where(layer => layer.Devices > 0).Select(layer => (double)layer.Layer.ProgrammingPulses / layer.Devices / Census.Samples).DefaultIfEmpty().Max();
        return worst > 0 ? endurance / worst : double.PositiveInfinity;
    }

    /// <summary>All figures, as one JSON object: fractions and SI units.</summary>
    public JsonObject ToJson() => new()
    {
        ["hardware"] = Hardware.GetType().Name,
        ["source"] = Hardware.Source,
        ["samples"] = Census.Samples,
        ["joules_per_inference"] = JoulesPerInference,
        ["seconds_per_inference"] = SecondsPerInference,
        ["pipelined_seconds"] = PipelinedSeconds,
        ["square_metres"] = SquareMetres,
        ["devices"] = Devices,
        ["operations"] = Operations / Census.Samples,
        ["tops_per_watt"] = TopsPerWatt,
        ["tops_per_square_millimetre"] = TopsPerSquareMillimetre,
        ["programming_joules"] = ProgrammingJoules,
        ["layers_in_arrays"] = Census.LayersInArrays,
        ["arrays"] = Census.Arrays,
        ["weights"] = Census.Weights,
        ["tiles"] = Tiles,
        ["own_tiles"] = Census.Tiles,
        ["of_design"] = Census.IsOfDesign,
        ["activity"] = Census.IsDriven ? "measured" : "nominal",
        ["data_dependent"] = new JsonArray([.. Hardware.DataDependent.Select(part => (JsonNode)NameOf(part))]),
        ["data_dependent_joules"] = DataDependentJoules,
        ["energy"] = Parts(Energy),
        ["layers"] = new JsonArray([.. Layers.Select(layer => (JsonNode)new JsonObject
        {
            ["name"] = layer.Layer.Name,
            ["kind"] = layer.Layer.Kind,
            ["inputs"] = layer.Layer.Inputs,
            ["outputs"] = layer.Layer.Outputs,
            ["weights"] = layer.Layer.Weights,
            ["reads"] = layer.Layer.Reads,
            ["activity"] = layer.Layer.Forward.Activity,
            ["joules"] = layer.Joules / Census.Samples,
            ["seconds"] = layer.Seconds / Census.Samples,
            ["square_metres"] = layer.SquareMetres,
            ["devices"] = layer.Devices,
            ["tiles"] = layer.Tiles,
            ["own_tiles"] = layer.Layer.Tiles,
            ["tile_reads"] = layer.Work.TileReads,
            ["drives"] = layer.Work.Drives,
            ["conversions"] = layer.Work.Conversions,
            ["sums"] = layer.Work.Sums,
            ["bytes"] = layer.Work.Bytes,
            ["siemens_per_weight"] = layer.Layer.SiemensPerWeight,
            ["energy"] = Parts(layer.Energy.ToDictionary(part => part.Key, part => part.Value / Census.Samples)),
        })]),
    };

    /// <summary>A table of the layers, and the totals.</summary>
    public override string ToString()
    {
        string[][] lines =
        [
            [
                "layer", "kind", "inputs → outputs", Census.WeightsInWords, "reads", "inputs on", "drives", "conversions", "energy", "time", "area [mm²]",
                "devices", "tiles",
            ],
            .. Layers.Where(layer => layer.Joules > 0 || layer.Layer.IsArray).Select(layer => (string[])
            [
                layer.Layer.Name, layer.Layer.Kind, layer.Layer.IsArray ? $"{layer.Layer.Inputs} → {layer.Layer.Outputs}" : "",
                layer.Layer.IsArray ? Text(layer.Layer.Weights, "N0") : "", PerSample(layer.Layer.Reads),
                layer.Layer.Forward.Activity is { } activity ? Text(activity, "P0") : "", PerSample(layer.Work.Drives), PerSample(layer.Work.Conversions),
                Units.Format(layer.Joules / Census.Samples, "J"), Units.Format(layer.Seconds / Census.Samples, "s"),
                Text(layer.SquareMetres * 1e6, "G4"), Text(layer.Devices, "N0"), Text(layer.Tiles, "N0"),
            ]),
            [
                "total", "", "", Text(Census.Weights, "N0"), "", "", "", "", Units.Format(JoulesPerInference, "J"), Units.Format(SecondsPerInference, "s"),
                Text(SquareMetres * 1e6, "G4"), Text(Devices, "N0"), Text(Tiles, "N0"),
            ],
        ];
        var text = TextTable.Of(lines, column => column >= 3).AppendLine(string.Create(CultureInfo.InvariantCulture,
            $"{Hardware.GetType().Name}: {TopsPerWatt:G4} TOP/s/W, {TopsPerSquareMillimetre:G4} TOP/s/mm², a result every {Units.Format(PipelinedSeconds, "s")} when pipelined; {string.Join(", ", Energy.Select(part => $"{NameOf(part.Key)} {part.Value / JoulesPerInference:P0}"))}"));
        foreach (var note in Notes())
            text.AppendLine(note);
        return text.AppendLine(Hardware.Source).ToString();

        string PerSample(long count) => Text((double)count / Census.Samples, "#,0.##");
    }

    /// <summary>What the totals are of, one sentence each.</summary>
    private IEnumerable<string> Notes()
    {
        yield return Census.InWords;
        if (Census.DigitalShare > 0)
            yield return Census.DigitalInWords;
        if (Census.NotCountedInWords is { } notCounted)
            yield return notCounted;
        var names = string.Join(", ", Energy.Keys.Where(Hardware.DataDependent.Contains).Select(NameOf));
        if (names.Length == 0)
            yield return $"{Hardware.GetType().Name} spends the same whatever the values of a sample.";
        else if (Census.IsDriven)
            yield return $"Counted from what the sample drove, {Text(DataDependentJoules / JoulesPerInference, "P0")} of the energy: {names}; the rest does not depend on its values.";
        else
            yield return $"At nominal activity, since no sample was driven: {names} would depend on its values.";
        if (Census.IsDriven && names.Length > 0 && Census.Layers.Any(layer => layer.TransposedReads > 0 && layer.Backward.Activity is null))
            yield return "Reads from the output side that were not seen are at nominal activity.";
        if (Census.IsOfDesign)
            yield return Census.PlanNote;
        if (Hardware is not DigitalProcessor && Layers.Any(layer => layer.Layer.IsArray && layer.Layer.Devices == 0))
            yield return "Layers that hold no devices yet are given those that the design takes for a weight.";
        if (Hardware is not DigitalProcessor && Tiles != Census.Tiles)
            yield return $"Tiles are those of {Hardware.GetType().Name}, copies included; on the model's own hardware they are {Text(Census.Tiles, "N0")}.";
    }

    private static string NameOf(CostComponent component) => component.ToString().ToLowerInvariant();

    private static JsonObject Parts(IReadOnlyDictionary<CostComponent, double> energy) =>
        new(energy.Select(part => KeyValuePair.Create(NameOf(part.Key), (JsonNode?)part.Value)));

    private static double Ratio(double value, double by) => by > 0 ? value / by : 0;

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
