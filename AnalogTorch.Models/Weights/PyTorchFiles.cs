using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>The storages of torch, by the names that pickles have for them.</summary>
internal static class StorageTypes
{
    private static readonly (string Name, ScalarType Type)[] Types =
    [
        ("torch.FloatStorage", ScalarType.Float32), ("torch.HalfStorage", ScalarType.Float16), ("torch.BFloat16Storage", ScalarType.BFloat16),
        ("torch.DoubleStorage", ScalarType.Float64), ("torch.LongStorage", ScalarType.Int64), ("torch.IntStorage", ScalarType.Int32),
        ("torch.ShortStorage", ScalarType.Int16), ("torch.CharStorage", ScalarType.Int8), ("torch.ByteStorage", ScalarType.Byte), ("torch.BoolStorage", ScalarType.Bool),
    ];

    public static ScalarType? Of(string name) => Types.FirstOrDefault(type => type.Name == name) is { Name: not null } found ? found.Type : null;

    public static string Of(ScalarType type) =>
        Types.FirstOrDefault(entry => entry.Type == type).Name ?? throw new NotSupportedException($"PyTorch files do not hold elements of type {type} here.");
}

/// <summary>The tensors of a pickle, under the names of the state dict.</summary>
internal static class PickledState
{
    private const long MostElements = 1L << 59; // of which the bytes are still a number

    /// <summary>The state dict in a pickle: the pickle itself, or the dictionary under a usual name in it.</summary>
    public static Dictionary<string, PickleTensor> Of(object? root)
    {
        if (root is not Dictionary<object, object?> dictionary)
            throw new FileFault("its pickle is no dictionary of tensors; save the state dict, with torch.save(model.state_dict(), path)");
        if (!dictionary.Values.Any(value => value is PickleTensor))
            foreach (var name in new[] { "state_dict", "model_state_dict", "model" })
                if (dictionary.GetValueOrDefault(name) is Dictionary<object, object?> inner)
                    dictionary = inner;
        var tensors = dictionary.Where(entry => entry is { Key: string, Value: PickleTensor }).ToDictionary(entry => (string)entry.Key, entry => (PickleTensor)entry.Value!);
        return tensors.Count > 0 ? tensors : throw new FileFault($"its pickle holds no tensors, but {string.Join(", ", dictionary.Keys.Take(10).Select(key => FileFault.Quoted(key.ToString())))}");
    }

    /// <summary>The tensors as entries, each of which the file can hold.</summary>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="length">Length of the file.</param>
    public static IReadOnlyList<WeightEntry> Entries(Dictionary<string, PickleTensor> tensors, long length)
    {
        Elements.CheckCount(tensors.Count);
        return [.. tensors.Select(entry => Entry(entry.Key, entry.Value, length))];
    }

    private static WeightEntry Entry(string name, PickleTensor tensor, long length)
    {
        if (tensor.Shape.Length != tensor.Stride.Length || tensor.Shape.Any(size => size < 0) || tensor.Stride.Any(step => step < 0) || tensor.Offset < 0)
            throw new FileFault($"{FileFault.Quoted(name)} has a shape that cannot be");
        var entry = new WeightEntry(name, tensor.Shape, StorageTypes.Of(tensor.Storage.Type)!.Value);
        if (Elements.Bytes(entry) > length)
            throw new FileFault($"{FileFault.Quoted(name)} of shape {entry.ShapeText} repeats its elements to more than the file holds; save it with .contiguous()");
        return entry;
    }

    /// <summary>Elements of the storage up to the last one of a tensor; too many if there are more than a number can tell.</summary>
    private static long Reach(PickleTensor tensor)
    {
        if (tensor.Shape.Any(size => size == 0))
            return 0;
        var last = (Int128)tensor.Offset;
        foreach (var (size, step) in tensor.Shape.Zip(tensor.Stride))
            last += (Int128)(size - 1) * step;
        return last < MostElements ? (long)last + 1 : MostElements;
    }

    /// <summary>Reads a tensor from a stream that begins with its storage.</summary>
    public static Tensor Read(Stream stream, WeightEntry entry, PickleTensor tensor, long storageBytes)
    {
        var reach = Reach(tensor);
        if (reach * Elements.Size(entry.Type) > storageBytes)
            throw new FileFault($"{FileFault.Quoted(entry.Name)} reaches beyond its storage");
        if (reach == 0)
            return empty([.. entry.Shape], dtype: entry.Type);
        using var scope = NewDisposeScope();
        var skipped = tensor.Offset * Elements.Size(entry.Type);
        if (stream.CanSeek)
            stream.Seek(skipped, SeekOrigin.Current);
        else
            Skip(stream, skipped);
        var flat = Elements.Read(stream, [reach - tensor.Offset], entry.Type);
        return flat.as_strided(tensor.Shape, tensor.Stride).contiguous().MoveToOuterDisposeScope();
    }

    private static void Skip(Stream stream, long count)
    {
        var buffer = new byte[Math.Min(count, 1 << 16)];
        for (var left = count; left > 0;)
        {
            var part = (int)Math.Min(left, buffer.Length);
            stream.ReadExactly(buffer, 0, part);
            left -= part;
        }
    }
}

/// <summary>What <c>torch.save</c> writes since version 1.6: a zip archive of a pickle and storages.</summary>
internal sealed class PyTorchZip : WeightFormat
{
    private const string PickleName = "data.pkl";

    public override string Name => "PyTorch";

    public override IReadOnlyList<string> WrittenAs => [".pth", ".pt"];

    public override bool Recognizes(Stream stream, string path)
    {
        if (!BeginsWith(stream, (byte)'P', (byte)'K', 3, 4))
            return false;
        using var archive = Archives.Open(stream, leaveOpen: true);
        return archive.Entries.Any(entry => entry.Name == PickleName);
    }

    public override IWeightContent Open(Stream stream, string path)
    {
        var archive = Archives.Open(stream);
        var pickle = archive.Entries.First(entry => entry.Name == PickleName);
        Stored(pickle);
        using var text = new BufferedStream(pickle.Open());
        return new Content(archive, pickle.FullName[..^PickleName.Length], PickledState.Of(new Pickle(text, stream.Length).Load()), stream.Length);
    }

    public override void Write(Stream stream, IReadOnlyList<(string Name, Tensor Values)> tensors)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        Add(PickleName, entry => PickleWriter.Write(entry, tensors));
        Add("byteorder", entry => entry.Write("little"u8));
        for (var i = 0; i < tensors.Count; i++)
        {
            var values = tensors[i].Values;
            Add($"data/{i}", entry => Elements.Write(entry, values));
        }
        Add("version", entry => entry.Write("3\n"u8));

        void Add(string name, Action<Stream> write)
        {
            using var entry = archive.CreateEntry($"archive/{name}", CompressionLevel.NoCompression).Open();
            write(entry);
        }
    }

    /// <summary>Refuses compressed entries, which torch does not write, and which could unpack to any size.</summary>
    private static void Stored(ZipArchiveEntry entry)
    {
        if (entry.CompressedLength != entry.Length)
            throw new FileFault($"{FileFault.Quoted(entry.FullName)} is compressed, which torch.save does not do");
    }

    private sealed class Content(ZipArchive archive, string folder, Dictionary<string, PickleTensor> tensors, long length) : IWeightContent
    {
        public IReadOnlyList<WeightEntry> Entries { get; } = PickledState.Entries(tensors, length);

        public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

        public Tensor Read(WeightEntry entry)
        {
            var tensor = tensors[entry.Name];
            var storage = archive.GetEntry($"{folder}data/{tensor.Storage.Key}") ?? throw new FileFault($"the storage of {FileFault.Quoted(entry.Name)} is missing");
            Stored(storage);
            using var stream = storage.Open();
            return PickledState.Read(stream, entry, tensor, storage.Length);
        }

        public void Dispose() => archive.Dispose();
    }
}

/// <summary>What <c>torch.save</c> wrote before version 1.6: pickles one after another, then the storages.</summary>
internal sealed class PyTorchLegacy : WeightFormat
{
    public override string Name => "PyTorch before 1.6";

    public override bool Recognizes(Stream stream, string path) => BeginsWith(stream, 0x80, 2, 0x8A);

    public override IWeightContent Open(Stream stream, string path)
    {
        var pickle = new Pickle(stream, stream.Length);
        pickle.Load(); // the magic number
        if (pickle.Load() is not 1001L)
            throw new FileFault("it is no file of torch.save");
        pickle.Load(); // about the computer that wrote it
        var tensors = PickledState.Of(pickle.Load());
        var keys = (List<object?>)pickle.Load()!;
        var types = tensors.Values.Select(tensor => tensor.Storage).DistinctBy(storage => storage.Key).ToDictionary(storage => storage.Key);
        var places = new Dictionary<string, (long Offset, long Bytes)>();
        Span<byte> count = stackalloc byte[8];
        foreach (var key in keys.Cast<string>())
        {
            stream.ReadExactly(count);
            var size = types.TryGetValue(key, out var storage) ? Elements.Size(StorageTypes.Of(storage.Type)!.Value) : throw new FileFault($"storage {FileFault.Quoted(key)} belongs to no tensor");
            var elements = BinaryPrimitives.ReadInt64LittleEndian(count);
            if (elements < 0 || elements > (stream.Length - stream.Position) / size)
                throw new FileFault($"storage {FileFault.Quoted(key)} is longer than the file");
            places.Add(key, (stream.Position, elements * size));
            stream.Seek(elements * size, SeekOrigin.Current);
        }
        return new Content(stream, tensors, places, stream.Length);
    }

    private sealed class Content(Stream stream, Dictionary<string, PickleTensor> tensors, Dictionary<string, (long Offset, long Bytes)> places, long length) : IWeightContent
    {
        public IReadOnlyList<WeightEntry> Entries { get; } = PickledState.Entries(tensors, length);

        public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

        public Tensor Read(WeightEntry entry)
        {
            var tensor = tensors[entry.Name];
            var (offset, bytes) = places[tensor.Storage.Key];
            stream.Position = offset;
            return PickledState.Read(stream, entry, tensor, bytes);
        }

        public void Dispose() => stream.Dispose();
    }
}

/// <summary>Writes the pickle of a state dict, as <c>torch.save</c> does.</summary>
internal static class PickleWriter
{
    public static void Write(Stream stream, IReadOnlyList<(string Name, Tensor Values)> tensors)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write([0x80, 2]);
        Global("collections\nOrderedDict\n");
        writer.Write(")R("u8);
        for (var i = 0; i < tensors.Count; i++)
        {
            var (name, values) = tensors[i];
            Text(name);
            Global("torch._utils\n_rebuild_tensor_v2\n");
            writer.Write("(("u8);
            Text("storage");
            Global($"{StorageTypes.Of(values.dtype).Replace('.', '\n')}\n");
            Text(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Text("cpu");
            Number(values.NumberOfElements);
            writer.Write("tQ"u8);
            Number(0);
            Numbers(values.shape);
            Numbers(Strides(values.shape));
            writer.Write((byte)0x89);
            Global("collections\nOrderedDict\n");
            writer.Write(")RtR"u8);
        }
        writer.Write("u."u8);

        void Global(string name)
        {
            writer.Write((byte)'c');
            writer.Write(Encoding.ASCII.GetBytes(name));
        }

        void Text(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            writer.Write((byte)'X');
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }

        void Numbers(long[] values)
        {
            writer.Write((byte)'(');
            foreach (var value in values)
                Number(value);
            writer.Write((byte)'t');
        }

        void Number(long value)
        {
            writer.Write([0x8A, 8]);
            writer.Write(value);
        }
    }

    private static long[] Strides(long[] shape)
    {
        var strides = new long[shape.Length];
        for (var (d, step) = (shape.Length - 1, 1L); d >= 0; step *= Math.Max(shape[d], 1), d--)
            strides[d] = step;
        return strides;
    }
}
