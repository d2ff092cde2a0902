using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Looks whether layers that code may bypass were read during a pass of the module whose code it is.</summary>
/// <remarks>
/// Only modules with such code are watched, so that models which leave layers out on purpose are not disturbed. What a pass counts belongs to its thread.
/// </remarks>
internal sealed class PassWatch
{
    private static readonly ConditionalWeakTable<nn.Module, PassWatch> Watches = [];
    private const long OffTiles = -1;
    private readonly Removal[] hooks;

    /// <summary>Watches a model, from now on and on whatever tiles its layers are.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layers">Its layers on tiles, by name.</param>
    public static void Begin(nn.Module model, IReadOnlyList<(string Path, nn.Module Module)> layers)
    {
        if (Watches.TryGetValue(model, out var former))
            former.End();
        Watches.AddOrUpdate(model, new(model, layers));
    }

    private PassWatch(nn.Module model, IReadOnlyList<(string Path, nn.Module Module)> layers)
    {
        var suspects = ForwardCalls.Suspects(layers, model).DistinctBy(suspect => (suspect.Owner, suspect.Module)).ToArray();
        hooks = [.. suspects.GroupBy(suspect => suspect.Owner).SelectMany(group => Watch(group.Key, [.. group.Select(suspect => (suspect.Layer, suspect.Module, suspect.How))]))];
    }

    private void End()
    {
        foreach (var hook in hooks)
            hook.Dispose();
    }

    private static IEnumerable<Removal> Watch(nn.Module owner, (string Name, nn.Module Module, string How)[] layers)
    {
        if (!StandInHooks.HasHooks(owner))
            yield break;
        var before = new ThreadLocal<long[]?>();
        yield return StandInHooks.Add(owner, StandInHooks.ModulePreHooks, (nn.Module _) => { before.Value = [.. layers.Select(layer => Reads(layer.Module))]; }, first: false);
        yield return StandInHooks.Add(owner, StandInHooks.ModulePostHooks, (nn.Module _) =>
        {
            if (before.Value is not { } counts)
                return;
            before.Value = null;
            for (var i = 0; i < layers.Length; i++)
                if (counts[i] != OffTiles && Reads(layers[i].Module) == counts[i])
                    throw Bypassed(layers[i].Name, layers[i].How);
        }, first: false);
    }

    /// <summary>What is said of a layer on a tile that was not read.</summary>
    internal static InvalidOperationException Bypassed(string layer, string how) =>
        new($"{layer} is on a tile that was not read in this pass: {how}, which bypasses it; run it by call(...), let the build lead such calls ({ForwardCalls.BuildStep}), "
            + $"or leave it digital with LayerRule.Digital(\"{layer}\").");

    /// <summary>How often the tiles of a layer were read.</summary>
    private static long Reads(nn.Module layer) => AnalogLayer.Of(layer) is { } tiled ? tiled.Tiles.Sum(tile => tile.Begun) : OffTiles;
}
