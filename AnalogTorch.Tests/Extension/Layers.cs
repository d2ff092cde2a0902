using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Extension;

public sealed record ForeignFanInScaling : WeightScaling
{
    public override double Of(long inputs) => new FanInScaling().Of(inputs);
}

public sealed record ForeignLayerClip : WeightClip
{
    public override Tensor? Limits(Tensor weights) => new LayerClip().Limits(weights);
}

public sealed record ForeignAdditiveWeightNoise : WeightNoise
{
    public override Tensor Draw(Tensor weights, Func<Tensor> room, Rng rng) => new AdditiveWeightNoise().Draw(weights, room, rng);
}

public sealed record ForeignLimitedSize : TileSize
{
    private static readonly LimitedSize Own = new() { Inputs = 7, Outputs = 5 };

    public override long MaxInputs => Own.MaxInputs;

    public override long MaxOutputs => Own.MaxOutputs;

    public override bool AddsDigitally => Own.AddsDigitally;
}

public sealed record ForeignOutputMaximum : WeightRange
{
    public override Tensor Of(Tensor weights) => new OutputMaximum().Of(weights);
}

public sealed record ForeignTypicalConductance : ArrayConductance
{
    public override double Of(CensusLayer layer) => new TypicalConductance().Of(layer);
}

public sealed record ForeignHermesChip : HardwareCost
{
    private static readonly HermesChip Own = new();

    public override string Source => Own.Source;

    public override LayerCost Of(CensusLayer layer, long samples) => Own.Of(layer, samples);
}

public sealed record ForeignGpu : DigitalProcessor
{
    public override string Source => new Gpu().Source;

    [Unit("1/s")]
    public override double OperationsPerSecond { get; init => field = Positive(value); } = new Gpu().OperationsPerSecond;

    [Unit("1/J")]
    public override double OperationsPerJoule { get; init => field = Positive(value); } = new Gpu().OperationsPerJoule;

    [Unit("m2")]
    public override double ChipArea { get; init => field = NotNegative(value); } = new Gpu().ChipArea;
}

public sealed record ForeignHermesCore : PublishedTiles
{
    private static readonly HermesCore Own = new();

    public override string Source => Own.Source;

    [Unit("1")]
    public override int Inputs { get; init => field = Within(value, 1, 1000); } = Own.Inputs;

    [Unit("1")]
    public override int Outputs { get; init => field = Within(value, 1, 1000); } = Own.Outputs;

    [Unit("1/s")]
    public override double OperationsPerSecond { get; init => field = Positive(value); } = Own.OperationsPerSecond;

    [Unit("1/J")]
    public override double OperationsPerJoule { get; init => field = Positive(value); } = Own.OperationsPerJoule;

    [Unit("m2")]
    public override double TileArea { get; init => field = NotNegative(value); } = Own.TileArea;

    [Unit("1")]
    public override int DevicesPerWeight { get; init => field = Within(value, 1, 1000); } = Own.DevicesPerWeight;
}

public sealed record ForeignDuration90nm : DurationHardware
{
    private static readonly Duration90nm Own = new();

    public override string Source => Own.Source;

    [Unit("m2")]
    public override double CellArea { get; init => field = NotNegative(value); } = Own.CellArea;

    [Unit("m2")]
    public override double RowArea { get; init => field = NotNegative(value); } = Own.RowArea;

    [Unit("m2")]
    public override double ColumnArea { get; init => field = NotNegative(value); } = Own.ColumnArea;
}

/// <summary>A name that the library has, too: in files it goes by its full one.</summary>
public sealed record SoftBounds : WeightScaling
{
    public override double Of(long inputs) => 2;
}

/// <summary>A family of its own, of which nothing in the library knows.</summary>
public abstract record Cooling : HardwareConfig;

public sealed record ForeignCryostat : Cooling
{
    public WeightScaling Nested { get; init => field = NotNull(value); } = new ForeignFanInScaling();
}
