using Google.Protobuf;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>The initialisers of an ONNX graph, under the names that they have there.</summary>
/// <remarks>
/// Field numbers are those of <c>onnx.proto</c>, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto: ModelProto.graph = 7, GraphProto.initializer = 5,
/// and those of TensorProto below. Elements are read from where they lie, as raw data or as packed floats; elements in a second file are refused.
/// </remarks>
internal sealed class Onnx : WeightFormat
{
    private const int MostSizes = 64, MostFields = 16;
    private const int Graph = 7, Initializer = 5;
    private const int Dims = 1, DataType = 2, FloatData = 4, Name_ = 8, RawData = 9, DoubleData = 10, DataLocation = 14;

    private static readonly Dictionary<int, ScalarType> Types = new()
    {
        [1] = ScalarType.Float32,
        [2] = ScalarType.Byte,
        [3] = ScalarType.Int8,
        [5] = ScalarType.Int16,
        [6] = ScalarType.Int32,
        [7] = ScalarType.Int64,
        [9] = ScalarType.Bool,
        [10] = ScalarType.Float16,
        [11] = ScalarType.Float64,
        [16] = ScalarType.BFloat16,
    };

    public override string Name => "ONNX";

    /// <remarks>Protocol buffers have no mark of their own, so the extension must say it.</remarks>
    public override bool Recognizes(Stream stream, string path) => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    public override IWeightContent Open(Stream stream, string path)
    {
        var (entries, offsets) = (new List<WeightEntry>(), new Dictionary<string, long>(StringComparer.Ordinal));
        var input = CodedInputStream.CreateWithLimits(stream, int.MaxValue, 100);
        foreach (var graph in Messages(input, stream.Length, Graph))
        {
            foreach (var end in Messages(input, graph, Initializer))
            {
                var (entry, offset) = Tensor(input, end);
                if (!offsets.TryAdd(entry.Name, offset))
                    throw new FileFault($"{FileFault.Quoted(entry.Name)} is there twice");
                entries.Add(entry);
                Elements.CheckCount(entries.Count);
            }
        }
        if (entries.Count == 0)
            throw new FileFault("its graph has no initialisers");
        return new Content(stream, entries, offsets);
    }

    /// <summary>Goes to each message of a field in turn, and gives the place where it ends; the caller reads up to there.</summary>
    private static IEnumerable<long> Messages(CodedInputStream input, long end, int field)
    {
        while (input.Position < end && input.ReadTag() is not 0 and var tag)
        {
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited))
            {
                var length = input.ReadLength();
                if (length > end - input.Position)
                    throw new FileFault("it ends within a message");
                yield return input.Position + length;
            }
            else
                input.SkipLastField();
        }
        if (input.Position < end)
            throw new FileFault("it ends within a message");
    }

    private static (WeightEntry Entry, long Offset) Tensor(CodedInputStream input, long end)
    {
        var (name, shape, type, stored) = ("", new List<long>(), 0, new List<(int Field, long Start, long End)>());
        while (input.Position < end)
        {
            var tag = input.ReadTag();
            switch (WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag))
            {
                case (Name_, WireFormat.WireType.LengthDelimited):
                    name = input.ReadString();
                    break;
                case (Dims, WireFormat.WireType.Varint):
                    AddSize(input.ReadInt64());
                    break;
                case (Dims, WireFormat.WireType.LengthDelimited):
                    for (var last = input.ReadLength() + input.Position; input.Position < last;)
                        AddSize(input.ReadInt64());
                    break;
                case (DataType, WireFormat.WireType.Varint):
                    type = input.ReadInt32();
                    break;
                case (DataLocation, WireFormat.WireType.Varint) when input.ReadInt32() == 1:
                    throw new FileFault($"{FileFault.Quoted(name)} lies in a second file: save the model with its data inside");
                case (DataLocation, WireFormat.WireType.Varint):
                    break;
                case (FloatData or RawData or DoubleData, WireFormat.WireType.LengthDelimited):
                    var start = input.Position;
                    input.SkipLastField();
                    if (stored.Count == MostFields)
                        throw new FileFault($"{FileFault.Quoted(name)} has its elements in more than {MostFields} pieces");
                    stored.Add((WireFormat.GetTagFieldNumber(tag), start, input.Position));
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
        if (!Types.TryGetValue(type, out var elements) || shape.Any(size => size < 0))
            throw new FileFault($"{FileFault.Quoted(name)} is of ONNX type {type} and shape {FileFault.Text(shape)}");
        var entry = new WeightEntry(name, shape, elements);
        var bytes = Elements.Bytes(entry);
        if (bytes == 0)
            return (entry, 0);
        // The length comes first, as a number of few bytes; both together must be what the field took.
        foreach (var (field, start, last) in stored)
        {
            var fits = field == RawData || (field == FloatData && elements == ScalarType.Float32) || (field == DoubleData && elements == ScalarType.Float64);
            if (fits && bytes <= int.MaxValue && last - start == bytes + CodedOutputStream.ComputeLengthSize((int)bytes))
                return (entry, last - bytes);
        }
        throw new FileFault($"{FileFault.Quoted(name)} has no {bytes} bytes of raw data or packed floats, which its shape {FileFault.Text(shape)} of {elements} takes");

        void AddSize(long size)
        {
            if (shape.Count == MostSizes)
                throw new FileFault($"{FileFault.Quoted(name)} has more than {MostSizes} dimensions");
            shape.Add(size);
        }
    }

    private sealed class Content(Stream stream, IReadOnlyList<WeightEntry> entries, Dictionary<string, long> offsets) : IWeightContent
    {
        public IReadOnlyList<WeightEntry> Entries => entries;

        public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

        public Tensor Read(WeightEntry entry)
        {
            stream.Position = offsets[entry.Name];
            return Elements.Read(stream, entry.Shape, entry.Type);
        }

        public void Dispose() => stream.Dispose();
    }
}
