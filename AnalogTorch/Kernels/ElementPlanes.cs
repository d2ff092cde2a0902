using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>A parameter of pulsed elements that varies over an array: one number for all, or one an element.</summary>
/// <remarks>
/// Packed, it takes two bytes an element: 65,536 equal steps between the smallest and the largest value. A normal variation spans
/// some ten standard deviations, so the rounding is 1/13,000 of a standard deviation at most.
/// </remarks>
public sealed class ParameterPlane
{
    private const int Steps = ushort.MaxValue;

    /// <summary>A plane of floats.</summary>
    /// <param name="values">One number, or one an element [outputs, inputs].</param>
    public ParameterPlane(Tensor values) => Values = values;

    /// <summary>A packed plane.</summary>
    /// <param name="codes">Steps above the smallest value, as the bits of int16 [outputs, inputs].</param>
    /// <param name="range">Smallest value, and the size of a step.</param>
    public ParameterPlane(Tensor codes, Tensor range) => (Values, Range) = (codes, range);

    /// <summary>The values; the codes where the plane is packed.</summary>
    public Tensor Values { get; }

    /// <summary>Smallest value and size of a step; null where the plane is not packed.</summary>
    public Tensor? Range { get; }

    /// <summary>The values as floats, of the shape of the array or one number.</summary>
    public static implicit operator Tensor(ParameterPlane plane)
    {
        ArgumentNullException.ThrowIfNull(plane);
        return plane.Range is null
            ? plane.Values
            : plane.Values.to(ScalarType.Int32).bitwise_and_(Steps).to(ScalarType.Float32).mul_(plane.Range[1]).add_(plane.Range[0]);
    }

    /// <summary>A plane of floats.</summary>
    public static implicit operator ParameterPlane(Tensor values) => new(values);

    /// <summary>Packs values; one number for all stays what it is, and so do values of which one is not finite.</summary>
    public static ParameterPlane Pack(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.NumberOfElements <= 1 || !values.isfinite().all().item<bool>())
            return new(values);
        var low = values.min();
        var step = ((values.max() - low) / Steps).clamp_min_(float.Epsilon);
        return new(((values - low) / step).round_().clamp_(0, Steps).to(ScalarType.Int32).to(ScalarType.Int16), stack([low, step]));
    }
}

/// <summary>The tensors that an array of pulsed elements is made of, in the device's own unit.</summary>
/// <param name="Value">The value that pulses move [outputs, inputs].</param>
/// <param name="Up">Upward step sizes.</param>
/// <param name="Down">Downward step sizes.</param>
/// <param name="Min">Lower bounds.</param>
/// <param name="Max">Upper bounds.</param>
/// <param name="Offset">The device's extra parameter.</param>
/// <param name="Memory">What the elements remember of their pulses, of the shape of the values; null if nothing.</param>
public sealed record ElementPlanes(
    Tensor Value, ParameterPlane Up, ParameterPlane Down, ParameterPlane Min, ParameterPlane Max, ParameterPlane Offset, Tensor? Memory = null);

/// <summary>Which pulses reach an array of elements.</summary>
public enum PulseSide
{
    /// <summary>Upward pulses raise the value, downward pulses lower it.</summary>
    Both,

    /// <summary>Only upward pulses arrive: the element that stands for positive weight in a pair.</summary>
    UpOnly,

    /// <summary>Only downward pulses arrive, and raise the value: the element that stands for negative weight in a pair.</summary>
    DownOnly,
}

/// <summary>An array of elements, and the weights that a read of it gives: W = Gain·read(value) + OtherGain·Other.</summary>
public sealed class PulseTarget
{
    /// <summary>The elements.</summary>
    public required ElementPlanes Planes { get; init; }

    /// <summary>The effective weights [outputs, inputs], kept up to date by the engine.</summary>
    public required Tensor Weights { get; init; }

    /// <summary>What the rest of the cell adds to the weight; null if nothing.</summary>
    public Tensor? Other { get; init; }

    /// <summary>Weight per unit of what a read of the element sees.</summary>
    public float Gain { get; set; } = 1;

    /// <summary>Weight per unit of <see cref="Other"/>.</summary>
    public float OtherGain { get; set; } = 1;

    /// <summary>Which pulses reach the elements.</summary>
    public PulseSide Side { get; init; }

    /// <summary>Whether up and down are exchanged (polarity inversion).</summary>
    public bool Inverted { get; set; }

    /// <summary>Standard deviation (w) of what a write adds to the weight that reads show until the next write; 0 for none.</summary>
    public float WriteNoise { get; init; }

    /// <summary>Pulses to raise the weight that each element received (int32), or null if nobody counts.</summary>
    public Tensor? UpCounts { get; set; }

    /// <summary>Pulses to lower the weight that each element received (int32), or null if nobody counts.</summary>
    public Tensor? DownCounts { get; set; }

    /// <summary>Addresses of the tensors, kept by an engine that works in host memory.</summary>
    internal object? Memory { get; set; }

    /// <summary>Pulses that the elements received since the target was made.</summary>
    public long Pulses { get; set; }
}

/// <summary>Pulse trains as bit masks: one 32-bit word a line and sample; bit 31 is the sign, the others are slots in time.</summary>
/// <param name="Inputs">Words of the input lines [samples, inputs padded with zeros to 16] (int32).</param>
/// <param name="InputStride">Words of one sample in <paramref name="Inputs"/>.</param>
/// <param name="Outputs">Words of the output lines [samples, outputs padded likewise]; the sign is that of −δ.</param>
/// <param name="OutputStride">Words of one sample in <paramref name="Outputs"/>.</param>
/// <param name="Samples">Number of samples that the trains stand for; the tensors may be longer.</param>
/// <param name="Groups">
/// Groups of outputs of equal size that each have input lines of their own: a row of <paramref name="Inputs"/> holds the lines of one
/// group after those of another, padded each.
/// </param>
/// <param name="Size">Share of a full step that every pulse makes; other than 1 only where devices take such pulses.</param>
/// <param name="Rate">Learning rate that the trains stand for.</param>
/// <param name="TrainRate">Rate for which they were drawn: the learning rate, unless the cells have one of their own for the array that is pulsed.</param>
public readonly record struct TrainPair(
    Tensor Inputs, int InputStride, Tensor Outputs, int OutputStride, int Samples, int Groups = 1, double Size = 1, double Rate = 1, double TrainRate = 1)
{
    /// <summary>Trains that fill their tensors.</summary>
    public TrainPair(Tensor inputs, Tensor outputs, int samples)
        : this(inputs, (int)inputs.shape[1], outputs, (int)outputs.shape[1], samples)
    {
    }

    /// <summary>Words of the input lines of one group in a sample.</summary>
    public int GroupStride => InputStride / Groups;

    /// <summary>The trains of some samples in a row.</summary>
    public TrainPair Slice(int start, int count) =>
        this with { Inputs = Inputs.narrow(0, start, count), Outputs = Outputs.narrow(0, start, count), Samples = count };

    /// <summary>The bits that are slots.</summary>
    public const int Slots = 0x7FFFFFFF;
}
