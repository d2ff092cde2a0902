using System.IO.Compression;
using System.Text;
using AnalogTorch.Models.Weights;
using Google.Protobuf;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Torture;

/// <summary>Small valid files that hold a matrix of 2 × 3, of every format that weights are read from.</summary>
internal static class SampleFiles
{
    /// <summary>The file of a format.</summary>
    /// <param name="extension">Extension of the format, with its point.</param>
    /// <param name="folder">A folder to write to.</param>
    public static byte[] Weights(string extension, string folder)
    {
        switch (extension)
        {
            case ".npy":
                return Npy("<f4", false, "(2, 3)", [1, 2, 3, 4, 5, 6]);
            case ".csv":
                return "1,2,3\n4,5,6\n"u8.ToArray();
            case ".th":
                return Legacy();
            case ".onnx":
                return Onnx();
            case ".npz":
                using (var file = new MemoryStream())
                {
                    using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
                    using (var entry = archive.CreateEntry("weight.npy").Open())
                        entry.Write(Npy("<f4", false, "(2, 3)", [1, 2, 3, 4, 5, 6]));
                    return file.ToArray();
                }
            default:
                var path = Path.Combine(folder, "valid" + extension);
                using (var layer = nn.Linear(3, 2))
                    layer.SaveWeights(path);
                return File.ReadAllBytes(path);
        }
    }

    /// <summary>A file of NumPy.</summary>
    public static byte[] Npy(string type, bool columnsFirst, string shape, float[] values)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': {(columnsFirst ? "True" : "False")}, 'shape': {shape}, }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. Encoding.ASCII.GetBytes(header), .. values.SelectMany(BitConverter.GetBytes)];
    }

    /// <summary>A file of PyTorch before 1.6.</summary>
    public static byte[] Legacy()
    {
        var tensor = "X\u0001\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\01X\u0003\0\0\0cpuK\u0004NtQK\0K\u0002K\u0002\u0086K\u0002K\u0001\u0086\u0089"
            + "ccollections\nOrderedDict\n)RtR";
        return
        [
            0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.',
            0x80, 2, (byte)'M', 0xE9, 3, (byte)'.',
            0x80, 2, (byte)'}', (byte)'.',
            0x80, 2, .. Encoding.Latin1.GetBytes($"ccollections\nOrderedDict\n)R({tensor}u."),
            0x80, 2, .. Encoding.Latin1.GetBytes("](X\u0001\0\0\01e."),
            .. BitConverter.GetBytes(4L), .. new[] { 1f, 2, 3, 4 }.SelectMany(BitConverter.GetBytes),
        ];
    }

    /// <summary>An ONNX model whose initialisers are a matrix and a vector.</summary>
    private static byte[] Onnx()
    {
        byte[] graph =
        [
            .. Bytes(5, Initialiser("weight", [2, 3], 9, [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))])),
            .. Bytes(5, Initialiser("bias", [2], 4, [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f)])), .. Bytes(2, "graph"u8),
        ];
        return [.. Varint(1, 8), .. Bytes(2, "a sample"u8), .. Bytes(7, graph), .. Bytes(8, [0x10, 0x07])];
    }

    private static byte[] Initialiser(string name, long[] shape, int field, byte[] values) =>
        [.. shape.SelectMany(size => Varint(1, size)), .. Varint(2, 1), .. Bytes(8, Encoding.UTF8.GetBytes(name)), .. Bytes(field, values)];

    private static byte[] Varint(int field, long value) => Encoded(output =>
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    });

    private static byte[] Bytes(int field, ReadOnlySpan<byte> value)
    {
        var copy = ByteString.CopyFrom(value);
        return Encoded(output =>
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(copy);
        });
    }

    private static byte[] Encoded(Action<CodedOutputStream> write)
    {
        using var memory = new MemoryStream();
        using (var output = new CodedOutputStream(memory, leaveOpen: true))
            write(output);
        return memory.ToArray();
    }
}
