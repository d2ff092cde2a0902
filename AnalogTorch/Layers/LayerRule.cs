using System.IO.Enumeration;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>What is to become of some layers of a model; the first rule that fits a layer decides.</summary>
public sealed class LayerRule
{
    private LayerRule(string? pattern, Type? type, LayerHardware? hardware) => (Pattern, LayerType, Hardware) = (pattern, type, hardware);

    /// <summary>The names that the rule is about, or null if it is about a type.</summary>
    public string? Pattern { get; }

    /// <summary>The type of the layers that the rule is about, or null if it is about names.</summary>
    public Type? LayerType { get; }

    /// <summary>The hardware that the layers are put on; null leaves them digital.</summary>
    public LayerHardware? Hardware { get; }

    /// <summary>Layers by name on hardware of their own.</summary>
    /// <param name="pattern">Name in the model, such as <c>features.0</c>; * stands for any characters, ? for one.</param>
    /// <param name="hardware">The hardware.</param>
    public static LayerRule Named(string pattern, LayerHardware hardware)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        ArgumentNullException.ThrowIfNull(hardware);
        return new(pattern, null, hardware);
    }

    /// <summary>Layers of a type on hardware of their own.</summary>
    /// <remarks>An <c>Embedding</c> is put on an array that is read by address only where a rule names it so, or by its whole name.</remarks>
    /// <param name="hardware">The hardware.</param>
    public static LayerRule Of<TLayer>(LayerHardware hardware) where TLayer : nn.Module
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return Of(typeof(TLayer), hardware);
    }

    /// <summary>Layers of a type that is known only as the program runs.</summary>
    /// <param name="type">A type of torch module.</param>
    /// <param name="hardware">The hardware, or null for layers that stay digital.</param>
    /// <exception cref="ArgumentException">The type is no torch module.</exception>
    public static LayerRule Of(Type type, LayerHardware? hardware)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (!type.IsAssignableTo(typeof(nn.Module)))
            throw new ArgumentException($"LayerRule.Of needs a type of torch module, but got {type.Name}.", nameof(type));
        return new(null, type, hardware);
    }

    /// <summary>Modules of another library, or of one's own, that compute y = x·Wᵀ + b with a matrix of their own, on hardware.</summary>
    /// <remarks>
    /// At the conversion a module is run in eval mode on a random input and on one without rows, and refused if that is not what it computes. A matrix in a
    /// buffer has no gradient: it can be programmed, or read as hardware-aware without being trained, but not be put in memory that is trained.
    /// What was converted once is known as a linear layer from then on.
    /// </remarks>
    /// <typeparam name="TModule">The type of the modules.</typeparam>
    /// <param name="hardware">The hardware.</param>
    /// <param name="weight">The parameter or buffer [outputs, inputs] of a module.</param>
    /// <param name="bias">The parameter or buffer [outputs] of a module; null, or giving null, for none.</param>
    public static LayerRule AsLinear<TModule>(LayerHardware hardware, Func<TModule, Tensor> weight, Func<TModule, Tensor?>? bias = null) where TModule : nn.Module<Tensor, Tensor>
    {
        ArgumentNullException.ThrowIfNull(hardware);
        ArgumentNullException.ThrowIfNull(weight);
        return new(null, typeof(TModule), hardware) { Kind = new OwnLinearKind(module => weight((TModule)module), module => bias?.Invoke((TModule)module)) };
    }

    /// <summary>The same by the names of parameters or buffers.</summary>
    /// <typeparam name="TModule">The type of the modules.</typeparam>
    /// <param name="hardware">The hardware.</param>
    /// <param name="weight">Name of the parameter or buffer [outputs, inputs] of a module.</param>
    /// <param name="bias">Name of the parameter or buffer [outputs] of a module; a module that has none of that name has no bias.</param>
    public static LayerRule AsLinear<TModule>(LayerHardware hardware, string weight = "weight", string bias = "bias") where TModule : nn.Module<Tensor, Tensor> =>
        AsLinear<TModule>(hardware, module => OwnLinearKind.Named(module, weight)!, module => OwnLinearKind.Named(module, bias));

    /// <summary>Layers by name that stay digital.</summary>
    /// <param name="pattern">Name in the model, such as <c>features.0</c>; * stands for any characters, ? for one.</param>
    public static LayerRule Digital(string pattern)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        return new(pattern, null, null);
    }

    /// <summary>Layers of a type that stay digital.</summary>
    public static LayerRule Digital<TLayer>() where TLayer : nn.Module => new(null, typeof(TLayer), null);

    /// <summary>The kind of a module, given the rule that fits it; null for one that stays digital.</summary>
    internal static LayerKind? KindOf(LayerRule? rule, nn.Module module) =>
        rule?.Kind ?? (rule is { NamesLayers: true, Hardware: not null } ? LayerKind.ByRule(module) : LayerKind.Of(module));

    /// <summary>Whether the rule names layers, or their type, rather than a pattern that many names fit.</summary>
    private bool NamesLayers => Pattern is null ? LayerType != typeof(nn.Module) && !LayerType!.IsGenericType : Pattern.IndexOfAny(['*', '?']) < 0;

    /// <summary>What the rule says of modules that are of no kind by their class; null for nothing.</summary>
    internal LayerKind? Kind { get; private init; }

    /// <inheritdoc/>
    public override string ToString() => Pattern is not null ? $"'{Pattern}'" : LayerType!.Name;

    /// <summary>Whether the rule is about a layer.</summary>
    internal bool Fits(string name, nn.Module layer) =>
        Pattern is not null ? FileSystemName.MatchesSimpleExpression(Pattern, name, ignoreCase: false) : LayerType!.IsInstanceOfType(layer);
}
