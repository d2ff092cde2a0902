using System.IO.Enumeration;
using AnalogTorch.Core;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Small digital matrices beside frozen layers, which learn what the layers cannot (LoRA).</summary>
/// <remarks>
/// y = layer(x) + (α/r)·B·A·x, with A [r, inputs] random and B [outputs, r] zero at the start; of a convolution A is a convolution to r channels
/// with the layer's own geometry, and B mixes them. Hu et al. (2021); beside analog weights that were programmed once, "AHWA-LoRA".
/// </remarks>
public static class LowRankAdapters
{
    internal const string StateName = "adapter";

    /// <summary>Puts an adapter beside every linear layer and every convolution without groups, and freezes all other parameters.</summary>
    /// <param name="model">A model, digital, on tiles, or on a chip.</param>
    /// <param name="rank">Rank of the adapters (r).</param>
    /// <param name="scale">Weight of what adapters give (α); it is divided by the rank.</param>
    /// <param name="seed">Seed of their start values.</param>
    /// <param name="names">Names of the layers, with * and ? as in <see cref="LayerRule"/>; none means all.</param>
    /// <returns>The parameters of the adapters, for an optimizer; disposing of what is returned takes the adapters away and thaws the others.</returns>
    /// <exception cref="ArgumentException">No layer can have an adapter, or a name is of none.</exception>
    /// <exception cref="InvalidOperationException">The model has adapters already.</exception>
    public static Adapters AddAdapters(this nn.Module model, int rank = 8, double scale = 8, long seed = 0, params IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(names);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        var able = AnalogLayer.Modules(model).Where(entry => Adapter.Fits(entry.Module)).ToArray();
        foreach (var name in names)
            if (!able.Any(entry => FileSystemName.MatchesSimpleExpression(name, entry.Name, ignoreCase: false)))
                throw new ArgumentException($"The name '{name}' is of no layer that can have an adapter; those are {string.Join(", ", able.Select(entry => entry.Name).Take(20))}.");
        var chosen = able.Where(entry => names.Count == 0 || names.Any(name => FileSystemName.MatchesSimpleExpression(name, entry.Name, ignoreCase: false))).ToArray();
        if (chosen.Length == 0)
            throw new ArgumentException($"{LayerKind.NameOf(model)} has no layer that can have an adapter; those are Linear layers and convolutions without groups.");
        if (chosen.FirstOrDefault(entry => entry.Module.named_children().Any(child => child.name == StateName)) is { Module: not null } taken)
            throw new InvalidOperationException($"{taken.Name} has an adapter already; dispose of what AddAdapters returned before adding others.");
        return new(model, [.. chosen.Select(entry => new Adapter(entry.Name, (nn.Module<Tensor, Tensor>)entry.Module, rank, scale / rank, Rng.FromSeed(seed).Split(entry.Name)))]);
    }
}

/// <summary>The adapters of a model.</summary>
public sealed class Adapters : IDisposable
{
    private readonly IReadOnlyList<Adapter> adapters;
    private readonly Parameter[] frozen;

    internal Adapters(nn.Module model, IReadOnlyList<Adapter> adapters)
    {
        this.adapters = adapters;
        Parameters = [.. adapters.SelectMany(adapter => adapter.Parameters)];
        frozen = [.. model.parameters().Where(parameter => parameter.requires_grad && !Parameters.Contains(parameter, ReferenceEqualityComparer.Instance))];
        foreach (var parameter in frozen)
            parameter.requires_grad = false;
    }

    /// <summary>What learns: A and B of every adapter.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var adapter in adapters)
            adapter.Dispose();
        foreach (var parameter in frozen)
            if (!parameter.IsInvalid)
                parameter.requires_grad = true;
    }
}
