using System.Buffers.Binary;

namespace AnalogTorch.Models.Data;

/// <summary>The IDX format of MNIST: a magic number, the dimensions as big-endian integers, then bytes; plain or in gzip.</summary>
internal static class IdxFile
{
    /// <summary>Reads a file of unsigned bytes with the number of dimensions that its reader expects.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or is another one.</exception>
    public static (int[] Shape, byte[] Values) Read(string path, int dimensions)
    {
        var content = PackedFile.Read(path);
        var header = 4 + 4 * dimensions;
        if (content.Length < header)
        {
            throw new InvalidDataException(
                $"'{path}' must begin with an IDX header of {header} bytes, but ends after {content.Length}: replace it with a fresh copy.");
        }
        var magic = BinaryPrimitives.ReadUInt32BigEndian(content);
        var expected = 0x800u + (uint)dimensions;
        if (magic != expected)
        {
            throw new InvalidDataException(
                $"'{path}' must begin with the magic number 0x{expected:X8} of {(dimensions == 1 ? "labels" : "images")}, but begins with 0x{magic:X8}: "
                + "it is another kind of file, so put the right one in its place.");
        }
        var sizes = new uint[dimensions];
        var total = UInt128.One;
        for (var i = 0; i < dimensions; i++)
        {
            sizes[i] = BinaryPrimitives.ReadUInt32BigEndian(content.AsSpan(4 + 4 * i));
            total *= sizes[i];
        }
        if (total != (UInt128)(content.Length - header) || total == 0)
        {
            throw new InvalidDataException(
                $"'{path}' must hold {string.Join("×", sizes)} = {total} bytes after its header, but holds {content.Length - header}: replace it with a fresh copy.");
        }
        return ([.. sizes.Select(size => (int)size)], content[header..]);
    }
}
