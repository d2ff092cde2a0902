using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>Keeps the values of a column for the rows of a batch.</summary>
internal abstract class ColumnBuffer
{
    private static readonly MethodInfo Scalar = typeof(ColumnBuffer).GetMethod(nameof(OfScalar), BindingFlags.Static | BindingFlags.NonPublic)!;
    private static readonly MethodInfo Vector = typeof(ColumnBuffer).GetMethod(nameof(OfVector), BindingFlags.Static | BindingFlags.NonPublic)!;

    /// <summary>Keeps the value of the row that the input is at.</summary>
    public abstract void Read(int place);

    /// <summary>Gives the value at a place.</summary>
    public abstract Delegate Getter(Func<int> place);

    /// <summary>A buffer for a column of any type.</summary>
    public static ColumnBuffer Of(DataViewRow input, DataViewSchema.Column column, int capacity)
    {
        var (make, type) = column.Type is VectorDataViewType vector ? (Vector, vector.ItemType.RawType) : (Scalar, column.Type.RawType);
        return (ColumnBuffer)make.MakeGenericMethod(type).Invoke(null, [input, column, capacity])!;
    }

    private static ColumnBuffer OfScalar<T>(DataViewRow input, DataViewSchema.Column column, int capacity) =>
        new Buffer<T>(input.GetGetter<T>(column), capacity, (in T from, ref T to) => to = from);

    private static ColumnBuffer OfVector<T>(DataViewRow input, DataViewSchema.Column column, int capacity) =>
        new Buffer<VBuffer<T>>(input.GetGetter<VBuffer<T>>(column), capacity, (in VBuffer<T> from, ref VBuffer<T> to) => from.CopyTo(ref to));

    private delegate void Copy<T>(in T from, ref T to);

    private sealed class Buffer<T>(ValueGetter<T> source, int capacity, Copy<T> copy) : ColumnBuffer
    {
        private readonly T[] values = new T[capacity];

        public override void Read(int place) => source(ref values[place]);

        public override Delegate Getter(Func<int> place) => (ValueGetter<T>)((ref T value) => copy(in values[place()], ref value));
    }
}
