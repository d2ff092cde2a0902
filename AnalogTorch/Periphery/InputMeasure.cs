using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>How the range of a tile's inputs is found from inputs that it gets; larger ones are clipped by the DAC.</summary>
public abstract record InputMeasure : HardwareConfig
{
    /// <summary>Begins a measurement.</summary>
    public abstract InputRecord Begin();
}

/// <summary>A measurement of inputs.</summary>
public abstract class InputRecord
{
    /// <summary>Takes inputs in.</summary>
    /// <param name="x">Inputs of any shape.</param>
    public abstract void Add(Tensor x);

    /// <summary>The range of all inputs so far; 0 if there were none but zeros.</summary>
    public abstract double Range { get; }
}

/// <summary>The largest magnitude.</summary>
public sealed record LargestInput : InputMeasure
{
    /// <inheritdoc/>
    public override InputRecord Begin() => new Recorder();

    private sealed class Recorder : InputRecord
    {
        private double largest;

        public override double Range => largest;

        public override void Add(Tensor x) => largest = Math.Max(largest, x.abs().max().item<float>());
    }
}

/// <summary>Some root mean squares, but no more than the largest magnitude.</summary>
/// <remarks>Rasch et al. (2023) begin with 3 standard deviations; language models want some 15 or 18 (IBM analog-foundation-models).</remarks>
public sealed record InputDeviations : InputMeasure
{
    /// <summary>Number of root mean squares.</summary>
    [Unit("1")]
    public double Deviations { get; init => field = Positive(value); } = 3;

    /// <inheritdoc/>
    public override InputRecord Begin() => new Recorder(Deviations);

    private sealed class Recorder(double deviations) : InputRecord
    {
        private double squares, largest;
        private long count;

        public override double Range => count == 0 ? 0 : Math.Min(deviations * Math.Sqrt(squares / count), largest);

        public override void Add(Tensor x)
        {
            squares += x.square().sum(ScalarType.Float64).item<double>();
            count += x.NumberOfElements;
            largest = Math.Max(largest, x.abs().max().item<float>());
        }
    }
}

/// <summary>The magnitude that a share of the inputs does not exceed: the mean over batches of what it is in each.</summary>
public sealed record InputQuantile : InputMeasure
{
    /// <summary>Share of inputs within the range.</summary>
    [Unit("1")]
    public double Share { get; init => field = Within(value, 0.5, 1); } = 0.999;

    /// <inheritdoc/>
    public override InputRecord Begin() => new Recorder(Share);

    private sealed class Recorder(double share) : InputRecord
    {
        private double sum;
        private long batches;

        public override double Range => batches == 0 ? 0 : sum / batches;

        public override void Add(Tensor x)
        {
            var rank = Math.Max((long)Math.Ceiling(share * x.NumberOfElements), 1);
            sum += x.abs().flatten().kthvalue(rank, 0).values.item<float>();
            batches++;
        }
    }
}
