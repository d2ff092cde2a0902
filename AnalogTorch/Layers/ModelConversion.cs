using System.Globalization;
using System.Text;
using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Turns whole models analog.</summary>
public static class ModelConversion
{
    /// <summary>Puts every layer that can be analog on tiles, in place.</summary>
    /// <param name="model">Any torch module; it stays the same object, and its parameters keep their names and values, as far as the devices can hold them.</param>
    /// <param name="config">The hardware.</param>
    /// <param name="seed">Seed of all devices and all their noise.</param>
    /// <returns>What became of every layer; its <c>ToString</c> is a table.</returns>
    /// <exception cref="InvalidOperationException">The model, or a part of it, is analog already.</exception>
    /// <exception cref="ArgumentException">The model has no layer that can be analog, or its weights cannot be written.</exception>
    public static ConversionReport ToAnalog(this nn.Module model, TileConfig config, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Convert(model, seed,
            (name, layer) => AnalogTile.Check(config, name, layer.weight!, layer.bias),
            (name, layer, rng) => new AnalogTile(config, name, layer.weight!, layer.bias, rng));
    }

    /// <summary>Lets every layer that can be analog meet the hardware's noise, in place, while any torch optimizer trains it.</summary>
    /// <param name="model">Any torch module; it stays the same object, and names and values of its parameters and its <c>state_dict</c> stay the same.</param>
    /// <param name="config">The hardware.</param>
    /// <param name="seed">Seed of all noise.</param>
    /// <returns>What became of every layer; its <c>ToString</c> is a table.</returns>
    /// <exception cref="InvalidOperationException">The model, or a part of it, is analog or hardware-aware already.</exception>
    /// <exception cref="ArgumentException">The model has no layer that can be analog, or its weights are no finite float32 matrix.</exception>
    public static ConversionReport ToAnalog(this nn.Module model, HardwareAwareConfig config, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Convert(model, seed,
            (name, layer) => HardwareAwareTile.Check(config, name, layer.weight!, layer.bias),
            (name, layer, rng) => new HardwareAwareTile(config, name, layer.weight!, layer.bias, rng));
    }

    private static ConversionReport Convert(nn.Module model, long seed, Action<string, Linear> check, Func<string, Linear, Rng, Tile> build)
    {
        ArgumentNullException.ThrowIfNull(model);
        var modules = model.named_modules().Prepend((name: "", module: model))
            .DistinctBy(entry => entry.module, ReferenceEqualityComparer.Instance).ToArray();
        foreach (var (name, module) in modules)
            if (AnalogLayer.TileOf(module) is { } tile)
                throw new InvalidOperationException($"{Named(name, module)} is already {tile.Kind}; convert a model once, or build it anew.");
        foreach (var (name, module) in modules)
            if (module is Linear linear)
                check(Named(name, module), linear); // all before the first, so that a refusal changes nothing
        var tied = modules.Where(entry => entry.module is Linear).GroupBy(entry => ((Linear)entry.module).weight!.Handle).FirstOrDefault(group => group.Count() > 1);
        if (tied is not null)
            throw new ArgumentException($"{string.Join(" and ", tied.Select(entry => entry.name))} share one weight, but an analog array belongs to one layer; use the same module in both places, or untie them.");
        var rows = new List<ConversionRow>();
        foreach (var (name, module) in modules)
        {
            if (module is Linear linear)
                rows.Add(Converted(linear, build(Named(name, module), linear, Rng.FromSeed(seed).Split(name))));
            else if (module.parameters(recurse: false).Any())
                rows.Add(new(Named(name, module), module.GetName(), false, "this kind of layer stays digital", "", 0, 0));
        }
        if (!rows.Any(row => row.IsAnalog))
            throw new ArgumentException($"{model.GetType().Name} has no layer that can become analog; ToAnalog converts Linear layers.");
        return new(rows);
    }

    private static ConversionRow Converted(Linear layer, Tile tile)
    {
        _ = new LinearConversion(layer, tile);
        return new(tile.Name, layer.GetName(), true, tile.Note, $"{tile.Inputs} → {tile.Outputs}", tile.WeightCount, tile.DeviceCount);
    }

    private static string Named(string name, nn.Module module) => name.Length == 0 ? module.GetName() : name;
}

/// <summary>What became of one layer.</summary>
/// <param name="Name">Name of the layer in the model.</param>
/// <param name="Kind">Its type.</param>
/// <param name="IsAnalog">Whether it is on a tile.</param>
/// <param name="Note">The unit cell, or the noise of training, or why the layer stays digital.</param>
/// <param name="Shape">Inputs → outputs.</param>
/// <param name="Weights">Weights in the array, bias included.</param>
/// <param name="Devices">Devices that they are made of.</param>
public sealed record ConversionRow(string Name, string Kind, bool IsAnalog, string Note, string Shape, long Weights, long Devices);

/// <summary>What became of the layers of a model.</summary>
/// <param name="Rows">One row a layer with parameters.</param>
public sealed record ConversionReport(IReadOnlyList<ConversionRow> Rows)
{
    /// <summary>Weights on tiles.</summary>
    public long Weights => Rows.Sum(row => row.Weights);

    /// <summary>Devices that they are made of.</summary>
    public long Devices => Rows.Sum(row => row.Devices);

    /// <summary>A table of the layers.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        string[] header = ["layer", "kind", "inputs → outputs", "weights", "devices", "cell, or why digital"];
        var lines = Rows.Select(row => new[]
        {
            row.Name, row.Kind, row.Shape, Number(row.Weights), Number(row.Devices), row.Note,
        }).Prepend(header).Append(["total", "", "", Number(Weights), Number(Devices), ""]).ToArray();
        var widths = header.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        foreach (var line in lines)
            text.AppendLine(string.Join("  ", line.Select((cell, column) => column is 3 or 4 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
        return text.ToString();
    }

    private static string Number(long value) => value == 0 ? "" : value.ToString("N0", CultureInfo.InvariantCulture);
}
