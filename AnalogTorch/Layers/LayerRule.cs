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

    /// <summary>Layers by name that stay digital.</summary>
    /// <param name="pattern">Name in the model, such as <c>features.0</c>; * stands for any characters, ? for one.</param>
    public static LayerRule Digital(string pattern)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        return new(pattern, null, null);
    }

    /// <summary>Layers of a type that stay digital.</summary>
    public static LayerRule Digital<TLayer>() where TLayer : nn.Module => new(null, typeof(TLayer), null);

    /// <inheritdoc/>
    public override string ToString() => Pattern is not null ? $"'{Pattern}'" : LayerType!.Name;

    /// <summary>Whether the rule is about a layer.</summary>
    internal bool Fits(string name, nn.Module layer) =>
        Pattern is not null ? FileSystemName.MatchesSimpleExpression(Pattern, name, ignoreCase: false) : LayerType!.IsInstanceOfType(layer);
}
