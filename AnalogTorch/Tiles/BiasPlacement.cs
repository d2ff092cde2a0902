using AnalogTorch.Core;

namespace AnalogTorch.Tiles;

/// <summary>Where the bias of a layer is.</summary>
/// <remarks>Closed: there is no third place, tiles know these two, and other assemblies cannot add one.</remarks>
public abstract record BiasPlacement : HardwareConfig
{
    private protected BiasPlacement()
    {
    }

    /// <summary>Whether a bias is one more line of the array.</summary>
    internal abstract bool IsInArray { get; }
}

/// <summary>The bias is one more input of the array, held at 1.</summary>
public sealed record AnalogBias : BiasPlacement
{
    internal override bool IsInArray => true;
}

/// <summary>The bias is added digitally, and trained like any digital parameter.</summary>
public sealed record DigitalBias : BiasPlacement
{
    internal override bool IsInArray => false;
}
