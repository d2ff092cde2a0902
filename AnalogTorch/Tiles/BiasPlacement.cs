using AnalogTorch.Core;

namespace AnalogTorch.Tiles;

/// <summary>Where the bias of a layer is.</summary>
public abstract record BiasPlacement : HardwareConfig;

/// <summary>The bias is one more input of the array, held at 1.</summary>
public sealed record AnalogBias : BiasPlacement;

/// <summary>The bias is added digitally, and trained like any digital parameter.</summary>
public sealed record DigitalBias : BiasPlacement;
