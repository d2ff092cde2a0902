// Compiled into a reference of its own, which nobody runs: it says to the compiler that these types of Microsoft.ML.Data exist. They are internal
// there:
// the first is how permutation feature importance finds the predictor of a pipeline, the others how a data view is asked whether it becomes ONNX.
namespace Microsoft.ML
{
    public interface ISingleFeaturePredictionTransformer : ITransformer, ICanSaveModel
    {
        string FeatureColumnName { get; }
    }
}

namespace Microsoft.ML.Data
{
    public interface IDataTransform : IDataView, ICanSaveModel
    {
        IDataView Source { get; }
    }
}

namespace Microsoft.ML.Model.OnnxConverter
{
    public abstract class OnnxContext
    {
    }

    public interface ICanSaveOnnx
    {
        bool CanSaveOnnx(OnnxContext ctx);
    }

    public interface ISaveAsOnnx : ICanSaveOnnx
    {
        void SaveAsOnnx(OnnxContext ctx);
    }

    public interface ITransformCanSaveOnnx : ISaveAsOnnx, Data.IDataTransform
    {
    }
}
