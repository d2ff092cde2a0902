using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>The values that the keys of a column stand for, of whatever type they are.</summary>
/// <param name="Type">Name of their type, such as <c>String</c> or <c>Single</c>.</param>
/// <param name="Values">The values, key by key.</param>
internal sealed record KeyNames(string Type, JsonElement Values)
{
    private static readonly Kind[] Kinds =
    [
        new Kind<ReadOnlyMemory<char>, string>(TextDataViewType.Instance, text => text.ToString(), text => text.AsMemory()),
        Plain<float>(NumberDataViewType.Single), Plain<double>(NumberDataViewType.Double), Plain<bool>(BooleanDataViewType.Instance),
        Plain<sbyte>(NumberDataViewType.SByte), Plain<short>(NumberDataViewType.Int16), Plain<int>(NumberDataViewType.Int32), Plain<long>(NumberDataViewType.Int64),
        Plain<byte>(NumberDataViewType.Byte), Plain<ushort>(NumberDataViewType.UInt16), Plain<uint>(NumberDataViewType.UInt32), Plain<ulong>(NumberDataViewType.UInt64),
        Plain<DateTime>(DateTimeDataViewType.Instance), Plain<DateTimeOffset>(DateTimeOffsetDataViewType.Instance), Plain<TimeSpan>(TimeSpanDataViewType.Instance),
    ];

    /// <summary>Whether the values are text, as names of slots must be.</summary>
    public bool IsText => Type == TextDataViewType.Instance.ToString();

    /// <summary>The values of a column's keys, or null if nobody gave them any.</summary>
    public static KeyNames? Of(DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull(AnnotationNames.KeyValues) is not { Type: VectorDataViewType { ItemType: var type } })
            return null;
        return Kinds.FirstOrDefault(kind => kind.ItemType.Equals(type))?.Read(column);
    }

    /// <summary>Adds the values to annotations.</summary>
    public void AddTo(DataViewSchema.Annotations.Builder annotations, string name) =>
        (Kinds.FirstOrDefault(kind => kind.ItemType.ToString() == Type) ?? throw new InvalidDataException($"The saved model has keys for values of type '{Type}', which is not known here: load it with the version that saved it."))
            .Add(annotations, name, Values);

    private static Kind<T, T> Plain<T>(PrimitiveDataViewType type) => new(type, value => value, value => value);

    /// <summary>A type of values.</summary>
    private abstract class Kind(PrimitiveDataViewType itemType)
    {
        public PrimitiveDataViewType ItemType => itemType;

        public abstract KeyNames Read(DataViewSchema.Column column);

        public abstract void Add(DataViewSchema.Annotations.Builder annotations, string name, JsonElement values);
    }

    private sealed class Kind<TValue, TJson>(PrimitiveDataViewType itemType, Func<TValue, TJson> write, Func<TJson, TValue> read) : Kind(itemType)
    {
        public override KeyNames Read(DataViewSchema.Column column)
        {
            var values = default(VBuffer<TValue>);
            column.Annotations.GetValue(AnnotationNames.KeyValues, ref values);
            return new(ItemType.ToString()!, JsonSerializer.SerializeToElement(values.DenseValues().Select(write).ToArray(), StateJson.Options));
        }

        public override void Add(DataViewSchema.Annotations.Builder annotations, string name, JsonElement values)
        {
            var all = values.Deserialize<TJson[]>(StateJson.Options)!.Select(read).ToArray();
            annotations.Add(name, new VectorDataViewType(ItemType, all.Length), (ref VBuffer<TValue> value) => Vectors.Fill(ref value, all));
        }
    }
}
