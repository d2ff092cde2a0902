using AnalogTorch.Models.Data;
using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace AnalogTorch.Models.MlNet;

/// <summary>Kinds of columns that hold images.</summary>
internal static class ImageReading
{
    private const int Channels = 3;

    /// <summary>What a column of images can be, in messages.</summary>
    public const string Expected = "String (path of a file), Vector<Byte> (a file) or Vector<Single> (red, green and blue planes of a square image, 0 to 255, as ExtractPixels gives them)";

    /// <summary>Whether a column can hold images.</summary>
    public static bool Knows(DataViewType type) => type switch
    {
        TextDataViewType => true,
        VectorDataViewType vector when vector.ItemType.Equals(NumberDataViewType.Byte) => true,
        VectorDataViewType { IsKnownSize: true } vector when vector.ItemType.Equals(NumberDataViewType.Single) => SideOf(vector.Size) > 0,
        _ => false,
    };

    /// <summary>Reads the image of the row that the data view is at, ready for a network: float32 [1, channels, crop, crop].</summary>
    public static Func<Tensor> Of(DataViewRow row, DataViewSchema.Column column, Preprocessing preprocessing, string folder)
    {
        if (column.Type is TextDataViewType)
        {
            var (getter, path) = (row.GetGetter<ReadOnlyMemory<char>>(column), default(ReadOnlyMemory<char>));
            return () =>
            {
                getter(ref path);
                return preprocessing.Apply(ImageFolder.Read(Path.Combine(folder, path.ToString())).unsqueeze(0));
            };
        }
        if (((VectorDataViewType)column.Type).ItemType.Equals(NumberDataViewType.Byte))
        {
            var (getter, file) = (row.GetGetter<VBuffer<byte>>(column), default(VBuffer<byte>));
            return () =>
            {
                getter(ref file);
                return preprocessing.Apply(ImageFolder.Decode([.. file.DenseValues()], $"The image in column '{column.Name}' of row {row.Position}").unsqueeze(0));
            };
        }
        var (pixelsOf, pixels) = (row.GetGetter<VBuffer<float>>(column), default(VBuffer<float>));
        var side = SideOf(((VectorDataViewType)column.Type).Size);
        return () =>
        {
            pixelsOf(ref pixels);
            return preprocessing.ApplyToPixels(tensor(pixels.DenseValues().ToArray(), [1, Channels, side, side]).div_(255));
        };
    }

    private static int SideOf(int pixels)
    {
        var side = (int)Math.Round(Math.Sqrt(pixels / (double)Channels));
        return Channels * side * side == pixels ? side : 0;
    }
}
