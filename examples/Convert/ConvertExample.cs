using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Weights;
using AnalogTorch.Tiles;
using Spectre.Console;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Convert;

/// <summary>What a network would be on analog memory: every layer with its tiles and devices, for a known architecture or a weight file.</summary>
internal sealed class ConvertExample : Example
{
    private readonly Argument<string> subject = new("file-or-model") { Description = "A weight file, or the name of an architecture" };
    private readonly Option<string?> model = new("--model") { Description = "Architecture of the weight file (default: found by its tensors)" };
    private readonly Option<string> hardware = new("--hardware") { Description = $"Hardware of the layers: {string.Join(", ", HardwareNames.All.Keys)}", DefaultValueFactory = _ => "msp-lsp" };
    private readonly Option<string> tile = new("--tile") { Description = "Size of a tile, inputs x outputs, or none", DefaultValueFactory = _ => "512x512" };
    private readonly Option<string[]> digital = new("--digital") { Description = "Names of layers that stay digital; * and ? stand for other characters", AllowMultipleArgumentsPerToken = true };

    public override string Name => "convert";

    public override string Description => "Shows what becomes of every layer of a known network, or of the network in a weight file, on analog memory";

    public override IReadOnlyList<Argument> Arguments => [subject];

    public override IReadOnlyList<Option> Options => [model, hardware, tile, digital];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        using var scope = NewDisposeScope();
        var config = Sized(HardwareNames.Find(arguments.GetValue(hardware)!), arguments.GetValue(tile)!);
        run.Config = JsonNode.Parse(ConfigJson.Write(config));
        var (network, name) = Network(run, arguments.GetValue(subject)!, arguments.GetValue(model));
        var rules = (arguments.GetValue(digital) ?? []).Select(LayerRule.Digital).ToArray();
        Show(run, name, arguments.GetValue(hardware)!, Planned(network, config, rules));
    }

    private static ConversionReport Planned(nn.Module network, LayerHardware config, IReadOnlyList<LayerRule> rules)
    {
        try
        {
            return network.PlanAnalog(config, rules);
        }
        catch (ArgumentException e) when (rules.Count > 0)
        {
            throw new UsageException($"--digital: {e.Message}");
        }
    }

    /// <summary>The network that was asked for, with the file's weights if it was a file.</summary>
    private static (nn.Module Network, string Name) Network(ExampleRun run, string subject, string? model)
    {
        if (!File.Exists(subject))
        {
            if (Zoo.All.All(architecture => architecture.Name != subject))
                throw new UsageException($"'{subject}' is neither a file nor an architecture; name a weight file, or one of {string.Join(", ", Zoo.All.Select(architecture => architecture.Name))}.");
            if (model is not null)
                throw new UsageException($"--model says what a weight file is for, but '{subject}' is an architecture itself; leave --model out.");
            return (Built(run, Zoo.Find(subject)), subject);
        }
        using var file = WeightFile.Open(subject);
        run.Console.MarkupLineInterpolated($"{Path.GetFileName(subject)}: {file.Format}, {file.Entries.Count} tensors, {file.Entries.Sum(entry => entry.Count):N0} elements");
        var (network, name) = model is null ? Matching(run, file) : (Built(run, Zoo.Find(model)), model);
        var weights = network.LoadWeights(file);
        run.Console.WriteLine(weights.ToString());
        run.Report.Heading("Weights").Text($"{Path.GetFileName(subject)}, a {file.Format} file, fits {name}.")
            .Table(["name", "shape", "outcome", "note"], weights.Rows.Select(row => new[] { row.Name, row.Shape, row.Outcome.ToString().ToLowerInvariant(), row.Note }));
        return (network, name);
    }

    /// <summary>The architecture that has the tensors of a file; those whose name is in the file's or in its description are tried first.</summary>
    /// <remarks>A network takes seconds to build, so that only those are built which have as many numbers as the file, or do not say how many.</remarks>
    private static (nn.Module Network, string Name) Matching(ExampleRun run, WeightFile file)
    {
        var about = string.Join(' ', file.Metadata.Values.Append(Path.GetFileName(file.Path))).Replace("-", "_", StringComparison.Ordinal);
        var elements = file.CountElements();
        foreach (var architecture in Zoo.All.Where(architecture => architecture.Elements is null || architecture.Elements == elements)
            .OrderByDescending(architecture => about.Contains(architecture.Name, StringComparison.OrdinalIgnoreCase) ? architecture.Name.Length : 0))
        {
            run.Cancel.ThrowIfCancellationRequested();
            var network = Built(run, architecture);
            if (network.FitsWeights(file))
                return (network, architecture.Name);
            network.Dispose();
        }
        throw new InvalidDataException(
            $"{file.Path} holds {elements:N0} numbers and fits none of {string.Join(", ", Zoo.All.Select(architecture => architecture.Name))}; "
            + "name the architecture with --model to see what does not fit.");
    }

    private static nn.Module Built(ExampleRun run, Architecture architecture)
    {
        run.Console.MarkupLineInterpolated($"Building {architecture.Name}{(architecture.Elements is { } elements ? $", {elements:N0} numbers" : "")} …");
        return architecture.Build(architecture.Outputs, run.Options.Seed);
    }

    private static LayerHardware Sized(LayerHardware hardware, string tile)
    {
        if (tile == "none")
            return hardware;
        var sizes = tile.Split('x');
        if (sizes.Length != 2 || !int.TryParse(sizes[0], NumberStyles.None, CultureInfo.InvariantCulture, out var inputs) || !int.TryParse(sizes[1], NumberStyles.None, CultureInfo.InvariantCulture, out var outputs) || inputs < 1 || outputs < 1)
            throw new UsageException($"--tile must be inputs x outputs, such as 512x512, or none, but is '{tile}'.");
        return hardware with { Size = new LimitedSize { Inputs = inputs, Outputs = outputs } };
    }

    private static void Show(ExampleRun run, string name, string hardware, ConversionReport report)
    {
        run.Console.WriteLine(report.ToString());
        foreach (var row in report.Rows)
        {
            run.AddRow(new JsonObject
            {
                ["name"] = row.Name,
                ["layer"] = row.Layer,
                ["kind"] = row.Kind,
                ["analog"] = row.IsAnalog,
                ["note"] = row.Note,
                ["weights"] = row.Weights,
                ["devices"] = row.Devices,
                ["tiles"] = row.Tiles,
                ["utilization"] = row.IsAnalog ? row.Utilization : null,
            });
        }
        run.AddRow("total", ("layers_in_arrays", report.LayersInArrays), ("arrays", report.Arrays), ("weights", report.Weights), ("devices", report.Devices), ("tiles", report.Tiles));
        run.Report.Heading($"{name} on {hardware}").Text($"{report.LayersInArrays} layers in {report.Arrays} arrays on {report.Tiles:N0} tiles: {report.Weights:N0} weights, {report.Devices:N0} devices.")
            .Table(["layer", "kind", "inputs → outputs", "weights", "devices", "tiles", "used", "cell, or why digital"],
                report.Rows.Select(row => new[]
                {
                    row.Name, row.Kind, row.Shape, $"{row.Weights:N0}", $"{row.Devices:N0}", $"{row.Tiles:N0}", row.IsAnalog ? $"{row.Utilization:P0}" : "", row.Note,
                }))
            .Heading("Hardware").Code(run.Config!.ToJsonString(new() { WriteIndented = true }));
    }
}
