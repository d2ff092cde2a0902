using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Which tiles a layer runs on, and which holds a parameter.</summary>
/// <remarks>The tables hold their keys weakly: they keep neither models nor tiles alive.</remarks>
public static class AnalogLayer
{
    internal const string StateName = "analog_tile";
    private static readonly ConditionalWeakTable<Parameter, AnalogTile> Tiles = [];
    private static readonly ConditionalWeakTable<nn.Module, TiledLayer> Layers = [];
    private static readonly ConcurrentDictionary<nint, WeakReference<TiledLayer>> LayersByAddress = [];

    /// <summary>The tile whose array holds a parameter; none for a digital parameter.</summary>
    public static bool TryGetTile(Parameter parameter, [NotNullWhen(true)] out AnalogTile? tile) => Tiles.TryGetValue(parameter, out tile);

    /// <summary>The first tile in whose memory a layer is trained; none for a digital layer or a hardware-aware one.</summary>
    public static bool TryGetTile(nn.Module layer, [NotNullWhen(true)] out AnalogTile? tile) =>
        (tile = Of(layer)?.Tiles.OfType<AnalogTile>().FirstOrDefault()) is not null;

    /// <summary>The tiles of a model that are trained in memory, by the names of their layers, and of the matrix where a layer has several.</summary>
    public static IEnumerable<(string Name, AnalogTile Tile)> AnalogTiles(this nn.Module model)
    {
        foreach (var (name, tile) in model.AllTiles())
            if (tile is AnalogTile analog)
                yield return (name, analog);
    }

    /// <summary>All tiles of a model, hardware-aware ones included, by the names of their layers, and of the matrix where a layer has several.</summary>
    public static IEnumerable<(string Name, Tile Tile)> AllTiles(this nn.Module model)
    {
        foreach (var (name, module) in Modules(model))
        {
            if (Of(module) is not { } layer)
                continue;
            for (var i = 0; i < layer.Tiles.Count; i++)
                yield return (Join(name, layer.Matrices[i].Suffix), layer.Tiles[i]);
        }
    }

    /// <summary>Writes the devices of every layer in memory whose parameters somebody gave other values, as their next use would.</summary>
    /// <returns>The tiles that were written, by name.</returns>
    /// <exception cref="ArgumentException">Weights are no finite float32 matrix.</exception>
    public static IReadOnlyList<string> FollowWeights(this nn.Module model)
    {
        var written = new List<string>();
        foreach (var (name, module) in Modules(model))
        {
            if (Of(module) is not { } layer)
                continue;
            foreach (var (matrix, tile) in layer.Kind.Matrices(module).Zip(layer.Tiles))
                if (tile is AnalogTile analog && analog.FollowWeights(matrix.Weight, matrix.Bias))
                    written.Add(Join(name, matrix.Suffix));
        }
        return written;
    }

    /// <summary>Writes the present values of all parameters that are in memory into the devices, as after loading digital weights into a converted model.</summary>
    /// <exception cref="ArgumentException">Weights are no finite float32 matrix.</exception>
    public static void WriteHardware(this nn.Module model)
    {
        foreach (var (_, module) in Modules(model))
        {
            if (Of(module) is not { } layer)
                continue;
            foreach (var (matrix, tile) in layer.Kind.Matrices(module).Zip(layer.Tiles))
                (tile as AnalogTile)?.Write(matrix.Weight, matrix.Bias);
        }
    }

    /// <summary>Parameters and buffers of a model under the names that they have without hardware: the effective weights, and not what the tiles hold.</summary>
    public static IReadOnlyDictionary<string, Tensor> EffectiveState(this nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.state_dict().Where(entry => !entry.Key.Split('.').Contains(StateName)).ToDictionary();
    }

    /// <summary>All modules of a model by name, each once, the model itself under an empty name.</summary>
    internal static IEnumerable<(string Name, nn.Module Module)> Modules(nn.Module model) =>
        model.named_modules().Prepend((name: "", module: model)).DistinctBy(entry => entry.module, ReferenceEqualityComparer.Instance).Select(entry => (entry.name, entry.module));

    /// <summary>A name with a suffix, of which either may be empty.</summary>
    internal static string Join(string name, string suffix) => suffix.Length == 0 ? name : name.Length == 0 ? suffix : $"{name}.{suffix}";

    /// <summary>A layer on its tiles; null for a digital layer.</summary>
    internal static TiledLayer? Of(nn.Module layer) => Layers.TryGetValue(layer, out var tiled) ? tiled : null;

    /// <summary>The layer on tiles whose weights a tensor is, or is a view of; null for any other tensor.</summary>
    internal static TiledLayer? LayerOf(Tensor tensor) =>
        !LayersByAddress.IsEmpty && AddressOf(tensor) is var address && address != 0 && LayersByAddress.TryGetValue(address, out var entry)
            && entry.TryGetTarget(out var layer) && layer.Kind.Matrices(layer.Module).Any(matrix => AddressOf(matrix.Weight) == address)
            ? layer
            : null;

    /// <summary>Where the values of a tensor are in host memory; 0 for a tensor that has none there.</summary>
    internal static nint AddressOf(Tensor tensor) => !tensor.IsInvalid && tensor.device_type == DeviceType.CPU ? TensorVersion.AddressOf(tensor) : 0;

    /// <summary>Puts a layer on tiles.</summary>
    internal static void Attach(TiledLayer layer)
    {
        Layers.Add(layer.Module, layer);
        for (var i = 0; i < layer.Tiles.Count; i++)
        {
            Bind(layer.Tiles[i], layer.Matrices[i].Weight, layer.Matrices[i].Bias);
            if (AddressOf(layer.Matrices[i].Weight) is var address && address != 0)
                LayersByAddress[address] = new(layer);
            if (layer.Tiles[i] is AnalogTile)
                ForgetGradients(layer.Matrices[i].Weight, layer.Matrices[i].Bias);
        }
        layer.Module.register_module(StateName, layer.State);
    }

    /// <summary>What is left of digital training would look as if somebody had gone round the tile.</summary>
    private static void ForgetGradients(params ReadOnlySpan<Parameter?> parameters)
    {
        foreach (var parameter in parameters)
            if (parameter is not null)
                parameter.grad = null;
    }

    /// <summary>Takes a layer off its tiles; its parameters keep what the tiles held.</summary>
    internal static void Detach(TiledLayer layer)
    {
        Layers.Remove(layer.Module);
        foreach (var (address, entry) in LayersByAddress)
            if (!entry.TryGetTarget(out var known) || known == layer)
                LayersByAddress.TryRemove(address, out _);
        foreach (var matrix in layer.Kind.Matrices(layer.Module))
        {
            Tiles.Remove(matrix.Weight);
            if (matrix.Bias is not null)
                Tiles.Remove(matrix.Bias);
        }
        layer.Module.register_module(StateName, null!); // which removes it
    }

    /// <summary>Notes the parameters that a tile's array holds, which a move to another torch device replaces.</summary>
    internal static void Bind(Tile tile, Parameter weight, Parameter? bias)
    {
        if (tile is not AnalogTile analog)
            return;
        Bind(weight);
        if (bias is not null && analog.BiasCells is not null)
            Bind(bias);

        // Every call of a layer comes here, and a look costs far less than an entry.
        void Bind(Parameter parameter)
        {
            if (!Tiles.TryGetValue(parameter, out var bound) || bound != analog)
                Tiles.AddOrUpdate(parameter, analog);
        }
    }
}
