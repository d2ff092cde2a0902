using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Extension;

// Each record does what the library's own of the same name does.

public sealed record ForeignAbsMaxScaling : InputScaling
{
    private static readonly AbsMaxScaling Own = new();

    public override Tensor Of(Tensor x, bool hasBias) => Own.Of(x, hasBias);

    public override double Factor(ReadOnlySpan<double> x, bool hasBias) => Own.Factor(x, hasBias);

    public override RowScaling? AsRowScaling => null;
}

public sealed record ForeignUniformConverter : Converter
{
    private UniformConverter Own => new() { Bits = Bits, Rounding = Rounding };

    [Unit("1")]
    public int Bits { get; init => field = Within(value, 2, 24); } = 8;

    public Rounding Rounding { get; init => field = NotNull(value); } = new NearestRounding();

    public override Tensor Convert(Tensor values, Rng rng) => Own.Convert(values, rng);

    public override Tensor Clips(Tensor values) => Own.Clips(values);

    public override Moments Transfer(double value) => Own.Transfer(value);

    public override Quantizer? AsQuantizer => null;
}

public sealed record ForeignStochasticRounding : Rounding
{
    public override bool? IsByChance => null;

    public override Tensor Round(Tensor values, Rng rng) => new StochasticRounding().Round(values, rng);

    public override Moments Rounded(double value) => new StochasticRounding().Rounded(value);
}

public sealed record ForeignColumnIrDrop : IrDrop
{
    public override void Subtract(Tensor y, Tensor x, Tensor weights) => new ColumnIrDrop().Subtract(y, x, weights);

    public override double Loss(ReadOnlySpan<double> x, ReadOnlySpan<double> weights) => new ColumnIrDrop().Loss(x, weights);
}

public sealed record ForeignAdditiveReadNoise : ReadNoise
{
    public override double? AsOutputNoise => null;

    public override void Add(Tensor y, Tensor x, Tensor weights, Rng rng) => new AdditiveReadNoise().Add(y, x, weights, rng);

    public override double OutputDeviation(ReadOnlySpan<double> x, ReadOnlySpan<double> weights) =>
        new AdditiveReadNoise().OutputDeviation(x, weights);
}

public sealed record ForeignHalveInputs : Saturation
{
    private static readonly HalveInputs Own = new();

    public override bool Repeats(int attempt) => Own.Repeats(attempt);

    public override Tensor Rescale(Tensor scale) => Own.Rescale(scale);
}

public sealed record ForeignLargestInput : InputMeasure
{
    public override InputRecord Begin() => new Recorder();

    private sealed class Recorder : InputRecord
    {
        private double largest;

        public override double Range => largest;

        public override void Add(Tensor x) => largest = Math.Max(largest, x.abs().max().item<float>());
    }
}
