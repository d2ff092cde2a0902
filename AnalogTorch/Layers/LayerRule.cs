using System.IO.Enumeration;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>What is to become of some layers of a model; the first rule that fits a layer decides.</summary>
public sealed class LayerRule
{
    private readonly string? pattern;
    private readonly Type? type;

    private LayerRule(string? pattern, Type? type, LayerHardware? hardware) => (this.pattern, this.type, Hardware) = (pattern, type, hardware);

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
        return new(null, typeof(TLayer), hardware);
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
    public override string ToString() => pattern is not null ? $"'{pattern}'" : type!.Name;

    /// <summary>Whether the rule is about a layer.</summary>
    internal bool Fits(string name, nn.Module layer) =>
        pattern is not null ? FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false) : type!.IsInstanceOfType(layer);
}
