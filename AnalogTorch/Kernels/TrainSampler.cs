using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>Turns line values into words of pulse slots, in host memory.</summary>
internal static unsafe class TrainSampler
{
    /// <summary>Largest absolute value of a contiguous tensor in host memory; NaN if it holds one.</summary>
    public static float AbsMax(Tensor values)
    {
        var max = AbsMax(new ReadOnlySpan<float>(TensorMemory.Pointer<float>(values), checked((int)values.NumberOfElements)));
        GC.KeepAlive(values);
        return max;
    }

    /// <summary>Largest absolute value of a row; NaN if it holds one.</summary>
    public static float AbsMax(ReadOnlySpan<float> values)
    {
        var max = Vector512<float>.Zero;
        for (; values.Length >= VectorLane.Width; values = values[VectorLane.Width..])
            max = Vector512.Max(max, Vector512.Abs(Vector512.Create(values)));
        var largest = 0f;
        for (var lane = 0; lane < VectorLane.Width; lane++)
            largest = MathF.Max(largest, max[lane]);
        foreach (var value in values)
            largest = MathF.Max(largest, MathF.Abs(value));
        return largest;
    }

    /// <summary>Each slot holds a pulse with probability min(|value|·gain, 1), independently.</summary>
    /// <param name="values">The line values.</param>
    /// <param name="gain">Probability per unit of value; its sign turns the sign of the words.</param>
    /// <param name="slots">Number of slots, at most 31.</param>
    /// <param name="words">Where the words go; a multiple of 16 long, what lies beyond the values becomes 0.</param>
    /// <param name="key">Key of the random numbers.</param>
    public static void Stochastic(ReadOnlySpan<float> values, float gain, int slots, Span<uint> words, ulong key)
    {
        var lanes = new RandomLanes(key);
        var scale = Vector512.Create(MathF.Abs(gain) * (1u << 31));
        var negated = gain < 0 ? 0x80000000u : 0;
        for (var start = 0; start < words.Length; start += VectorLane.Width)
        {
            var value = Load(values, start);
            // Probabilities and random numbers as 31-bit integers: a probability of 1 is 2³¹, above every random number.
            var threshold = Vector512.ConvertToUInt32Native(Vector512.Min(Vector512.Abs(value) * scale, Vector512.Create(2147483648f)));
            var word = (value.AsUInt32() ^ Vector512.Create(negated)) & Vector512.Create(0x80000000u);
            if (threshold != Vector512<uint>.Zero)
            {
                for (var slot = 0; slot < slots; slot++)
                    word |= Vector512.LessThan(lanes.NextBits() >> 1, threshold) & Vector512.Create(1u << slot);
            }
            word.CopyTo(words[start..]);
        }
    }

    /// <summary>Each line holds as many pulses as its value has steps, rounded, at most <paramref name="most"/>, in fixed slots.</summary>
    /// <param name="values">The line values.</param>
    /// <param name="gain">Pulses per unit of value; its sign turns the sign of the words.</param>
    /// <param name="most">Most pulses of a line.</param>
    /// <param name="pattern">Word that k pulses make, for k from 0 to <paramref name="most"/>.</param>
    /// <param name="words">Where the words go; what lies beyond the values becomes 0.</param>
    public static void Slotted(ReadOnlySpan<float> values, float gain, int most, ReadOnlySpan<uint> pattern, Span<uint> words)
    {
        for (var line = 0; line < words.Length; line++)
        {
            var pulses = line < values.Length ? values[line] * gain : 0;
            var count = (int)MathF.Min(MathF.Floor(MathF.Abs(pulses) + 0.5f), most);
            words[line] = pattern[count] | (pulses < 0 ? 0x80000000u : 0);
        }
    }

    /// <summary>Rows of a contiguous tensor in host memory.</summary>
    public readonly ref struct Rows<T>(Tensor tensor, int length) where T : unmanaged
    {
        private readonly T* memory = TensorMemory.Pointer<T>(tensor);
        private readonly int length = length;

        public Span<T> this[int row] => new(memory + (long)row * length, length);
    }

    private static Vector512<float> Load(ReadOnlySpan<float> values, int start)
    {
        if (start + VectorLane.Width <= values.Length)
            return Vector512.Create(values[start..]);
        Span<float> part = stackalloc float[VectorLane.Width];
        part.Clear();
        if (start < values.Length)
            values[start..].CopyTo(part);
        return Vector512.Create<float>(part);
    }
}
