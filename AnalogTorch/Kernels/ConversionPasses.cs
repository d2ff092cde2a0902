using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>A converter with equally spaced levels, as numbers: rounded to a multiple of the step, then limited to ±Bound.</summary>
/// <param name="Step">Distance of two levels; 0 converts nothing.</param>
/// <param name="Bound">Largest magnitude.</param>
/// <param name="IsStochastic">Whether values between two levels are rounded up or down at random.</param>
public readonly record struct Quantizer(float Step, float Bound, bool IsStochastic);

/// <summary>How the rows of a matrix are scaled: by their largest magnitude, or all by one number.</summary>
/// <param name="FollowsMaximum">Whether each row has a scale of its own, its largest magnitude.</param>
/// <param name="Constant">The scale of all rows, if they have none of their own.</param>
public readonly record struct RowScaling(bool FollowsMaximum, float Constant);

/// <summary>What is done to the outputs of a read.</summary>
/// <param name="Bias">Weights of the constant input [outputs]; null if there are none.</param>
/// <param name="Noise">Standard deviation of the noise.</param>
/// <param name="Adc">The converter.</param>
/// <param name="PerUnit">What products are multiplied by before noise and converter [outputs]; null for 1.</param>
/// <param name="Gain">What converted outputs are multiplied by [outputs]; null for 1.</param>
public sealed record OutputConversion(Tensor? Bias, float Noise, Quantizer Adc, Tensor? PerUnit, Tensor? Gain);

/// <summary>What lies before and after the product of an analog read, each in one pass over host memory.</summary>
/// <remarks>Random numbers are keyed by (stream, group of rows), so that groups may be taken in any order and by any thread.</remarks>
internal static unsafe class ConversionPasses
{
    private const long WorkWorthThreads = 200_000; // elements below which starting threads costs more than it saves

    /// <summary>Rows that share a random stream; blocks of rows start at multiples of it.</summary>
    public const int RowsOfGroup = 16;

    /// <summary>Scales and converts the inputs of some rows.</summary>
    /// <param name="x">Inputs [rows, inputs], contiguous.</param>
    /// <param name="first">First row, a multiple of <see cref="RowsOfGroup"/>.</param>
    /// <param name="converted">Where the converted inputs go [rows or more, inputs]; its rows count from 0.</param>
    /// <param name="scaling">How the rows are scaled.</param>
    /// <param name="dac">The converter.</param>
    /// <param name="scales">Where the scale of each row goes.</param>
    /// <param name="one">Where what the converter makes of a constant input of 1 goes, row by row; empty if there is none.</param>
    /// <param name="rng">The stream of stochastic rounding.</param>
    /// <exception cref="NotFiniteNumberException">The inputs hold NaN or infinity.</exception>
    public static void Inputs(Tensor x, long first, Tensor converted, RowScaling scaling, Quantizer dac, Span<float> scales, Span<float> one, Rng rng)
    {
        var inputs = (int)x.shape[1];
        fixed (float* scaleOfRow = scales, oneOfRow = one)
        {
            var rows = new InputRows(TensorMemory.Pointer<float>(x) + first * inputs, TensorMemory.Pointer<float>(converted), inputs)
            {
                Scaling = scaling,
                Converter = dac,
                Scales = scaleOfRow,
                Ones = one.IsEmpty ? null : oneOfRow,
            };
            var work = new RowsWork<InputRows>(rows, scales.Length, inputs, first, rng);
            Wide.Run(ref work);
        }
        GC.KeepAlive(x);
        GC.KeepAlive(converted);
        foreach (var scale in scales)
            if (float.IsNaN(scale))
                throw new NotFiniteNumberException("the input must be finite, but holds NaN or infinity");
    }

    /// <summary>Adds the bias and noise to outputs of some rows, converts them and undoes the scaling, in place.</summary>
    /// <param name="y">Outputs [rows, outputs], contiguous.</param>
    /// <param name="first">First row.</param>
    /// <param name="scales">The scale of each row.</param>
    /// <param name="one">The converted constant input of each row; empty if there is no bias.</param>
    /// <param name="outputs">What is done to them.</param>
    /// <param name="rng">The stream of noise and of stochastic rounding.</param>
    public static void Outputs(Tensor y, long first, ReadOnlySpan<float> scales, ReadOnlySpan<float> one, OutputConversion outputs, Rng rng)
    {
        var columns = (int)y.shape[1];
        fixed (float* scaleOfRow = scales, oneOfRow = one)
        {
            var rows = new OutputRows(TensorMemory.Pointer<float>(y) + first * columns, columns, new(outputs), scaleOfRow, oneOfRow);
            var work = new RowsWork<OutputRows>(rows, scales.Length, columns, first, rng);
            Wide.Run(ref work);
        }
        GC.KeepAlive((y, outputs));
    }

    /// <summary>The same for outputs at several places of every sample.</summary>
    /// <param name="y">Outputs [samples, outputs, places], contiguous.</param>
    /// <param name="scales">The scale of each sample.</param>
    /// <param name="one">The converted constant input of each sample; empty if there is no bias.</param>
    /// <param name="outputs">What is done to them.</param>
    /// <param name="rng">The stream of noise and of stochastic rounding.</param>
    public static void OutputMaps(Tensor y, ReadOnlySpan<float> scales, ReadOnlySpan<float> one, OutputConversion outputs, Rng rng)
    {
        var (count, places) = ((int)y.shape[1], checked((int)y.shape[2]));
        fixed (float* scaleOfRow = scales, oneOfRow = one)
        {
            var rows = new OutputMapRows(TensorMemory.Pointer<float>(y), count, places, new(outputs), scaleOfRow, oneOfRow);
            var work = new RowsWork<OutputMapRows>(rows, checked(scales.Length * count), places, 0, rng);
            Wide.Run(ref work);
        }
        GC.KeepAlive((y, outputs));
    }

    /// <summary>What is done to outputs, as addresses.</summary>
    private readonly struct OutputMemory(OutputConversion outputs)
    {
        public readonly float* Bias = TensorMemory.PointerOrNull<float>(outputs.Bias), PerUnit = TensorMemory.PointerOrNull<float>(outputs.PerUnit), Gain = TensorMemory.PointerOrNull<float>(outputs.Gain);
        public readonly float Noise = outputs.Noise;
        public readonly Quantizer Adc = outputs.Adc;

        public bool DrawsNumbers => Noise != 0 || Adc.IsStochastic;
    }

    /// <summary>What is done to every row of a matrix.</summary>
    private interface IRows
    {
        /// <summary>The converter of every element.</summary>
        Quantizer Converter { get; }

        /// <summary>Whether rows draw random numbers.</summary>
        bool DrawsNumbers { get; }

        /// <summary>Does one row.</summary>
        void Row<T>(int row, in Levels<T> levels, ref RandomLanes<T> lanes) where T : struct, IWide<T>;
    }

    /// <summary>All rows, group by group, on several threads if that pays.</summary>
    private readonly struct RowsWork<TRows>(TRows rows, int count, int columns, long first, Rng stream) : IWideWork where TRows : struct, IRows
    {
        public void Run<T>() where T : struct, IWide<T>
        {
            var groups = (count + RowsOfGroup - 1) / RowsOfGroup;
            var threads = Math.Min(get_num_threads(), groups);
            if (threads > 1 && (long)count * columns >= WorkWorthThreads)
            {
                Parallel.For(0, groups, new ParallelOptions { MaxDegreeOfParallelism = threads }, Group<T>);
                return;
            }
            for (var group = 0; group < groups; group++)
                Group<T>(group);
        }

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private void Group<T>(int group) where T : struct, IWide<T>
        {
            var levels = new Levels<T>(rows.Converter);
            var lanes = rows.DrawsNumbers ? new RandomLanes<T>(stream.Split(first / RowsOfGroup + group).Key) : default;
            for (var row = group * RowsOfGroup; row < Math.Min(count, (group + 1) * RowsOfGroup); row++)
                rows.Row(row, levels, ref lanes);
        }
    }

    /// <summary>A converter in registers.</summary>
    private readonly struct Levels<T>(Quantizer quantizer) where T : struct, IWide<T>
    {
        private readonly T step = quantizer.Step, perStep = quantizer.Step == 0 ? 0f : 1f / quantizer.Step, high = quantizer.Bound, low = -quantizer.Bound;
        private readonly bool converts = quantizer.Step != 0, isStochastic = quantizer.IsStochastic;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Of(T value, ref RandomLanes<T> lanes)
        {
            if (!converts)
                return value;
            var level = value * perStep;
            level = isStochastic ? T.Floor(level + lanes.NextUniform()) : T.Round(level);
            return T.Min(high, T.Max(low, level * step)); // in this order NaN stays NaN
        }
    }

    private readonly struct InputRows(float* x, float* converted, int inputs) : IRows
    {
        public required RowScaling Scaling { get; init; }

        public required Quantizer Converter { get; init; }

        public required float* Scales { get; init; }

        public required float* Ones { get; init; }

        public bool DrawsNumbers => Converter.IsStochastic;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Row<T>(int row, in Levels<T> levels, ref RandomLanes<T> lanes) where T : struct, IWide<T>
        {
            var source = x + (long)row * inputs;
            var target = converted + (long)row * inputs;
            var largest = TrainSampler.AbsMax(new ReadOnlySpan<float>(source, inputs));
            if (!float.IsFinite(largest))
            {
                Scales[row] = float.NaN; // said once all threads are done
                return;
            }
            var scale = !Scaling.FollowsMaximum ? Scaling.Constant : Ones is not null ? MathF.Max(largest, 1) : largest == 0 ? 1 : largest;
            Scales[row] = scale;
            T perScale = 1f / scale;
            var i = 0;
            for (; i + T.Width <= inputs; i += T.Width)
                T.Store(levels.Of(T.Load(source + i) * perScale, ref lanes), target + i);
            if (i < inputs)
                VectorMemory.StorePart(levels.Of(VectorMemory.LoadPart<T>(source + i, inputs - i) * perScale, ref lanes), target + i, inputs - i);
            if (Ones is not null)
                VectorMemory.StorePart(levels.Of(perScale, ref lanes), Ones + row, 1);
        }
    }

    private readonly struct OutputRows(float* y, int outputs, OutputMemory memory, float* scales, float* ones) : IRows
    {
        public Quantizer Converter => memory.Adc;

        public bool DrawsNumbers => memory.DrawsNumbers;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Row<T>(int row, in Levels<T> levels, ref RandomLanes<T> lanes) where T : struct, IWide<T>
        {
            var values = y + (long)row * outputs;
            T scale = scales[row], one = memory.Bias is null ? 0f : ones[row];
            var i = 0;
            for (; i + T.Width <= outputs; i += T.Width)
            {
                var product = T.Load(values + i);
                if (memory.Bias is not null)
                    product += T.Load(memory.Bias + i) * one;
                if (memory.PerUnit is not null)
                    product *= T.Load(memory.PerUnit + i);
                var converted = Converted(levels, product, scale, ref lanes);
                T.Store(memory.Gain is null ? converted : converted * T.Load(memory.Gain + i), values + i);
            }
            if (i < outputs)
                Rest(i, values, one, scale, levels, ref lanes);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Rest<T>(int first, float* values, T one, T scale, in Levels<T> levels, ref RandomLanes<T> lanes) where T : struct, IWide<T>
        {
            var count = outputs - first;
            var product = Part<T>(values, first, count);
            if (memory.Bias is not null)
                product += Part<T>(memory.Bias, first, count) * one;
            if (memory.PerUnit is not null)
                product *= Part<T>(memory.PerUnit, first, count);
            var converted = Converted(levels, product, scale, ref lanes);
            VectorMemory.StorePart(memory.Gain is null ? converted : converted * Part<T>(memory.Gain, first, count), values + first, count);
        }

        private static T Part<T>(float* plane, int first, int count) where T : struct, IWide<T> => VectorMemory.LoadPart<T>(plane + first, count);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private T Converted<T>(in Levels<T> levels, T value, T scale, ref RandomLanes<T> lanes) where T : struct, IWide<T>
        {
            if (memory.Noise != 0)
                value += memory.Noise * lanes.NextNormal();
            return levels.Of(value, ref lanes) * scale;
        }
    }

    /// <summary>One output of one sample at all its places is a row.</summary>
    private readonly struct OutputMapRows(float* y, int outputs, int places, OutputMemory memory, float* scales, float* ones) : IRows
    {
        public Quantizer Converter => memory.Adc;

        public bool DrawsNumbers => memory.DrawsNumbers;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Row<T>(int row, in Levels<T> levels, ref RandomLanes<T> lanes) where T : struct, IWide<T>
        {
            var values = y + (long)row * places;
            var (sample, output) = (row / outputs, row % outputs);
            var unit = memory.PerUnit is null ? 1f : memory.PerUnit[output];
            T perUnit = unit, bias = memory.Bias is null ? 0f : memory.Bias[output] * ones[sample] * unit;
            T scale = memory.Gain is null ? scales[sample] : scales[sample] * memory.Gain[output];
            var i = 0;
            for (; i + T.Width <= places; i += T.Width)
                T.Store(Converted(levels, T.MultiplyAdd(T.Load(values + i), perUnit, bias), scale, ref lanes), values + i);
            if (i < places)
                VectorMemory.StorePart(Converted(levels, T.MultiplyAdd(VectorMemory.LoadPart<T>(values + i, places - i), perUnit, bias), scale, ref lanes), values + i, places - i);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private T Converted<T>(in Levels<T> levels, T value, T scale, ref RandomLanes<T> lanes) where T : struct, IWide<T>
        {
            if (memory.Noise != 0)
                value += memory.Noise * lanes.NextNormal();
            return levels.Of(value, ref lanes) * scale;
        }
    }
}
